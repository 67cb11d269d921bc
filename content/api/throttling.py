"""How often the API may be asked. Rates are settings such as `100/min`; an empty one is off."""

from __future__ import annotations

import time
import uuid
from functools import lru_cache
from typing import Any, cast

import redis
import structlog
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from content.services import accounts

log = structlog.get_logger(__name__)

AWAY_SECONDS = 5  # how long Redis is not asked again after it did not answer

# A sliding window, by Redis' own clock: the seconds to wait, "0" when the call is counted and may go on.
WINDOW = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return '0'
end
return tostring(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + ARGV[2] - now)
"""


def rate(scope: str) -> tuple[int, int] | None:
    """(how many, in how many seconds) of a scope, None when it is off."""
    wanted = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"].get(scope) or None
    if not wanted:
        return None
    many, seconds = SimpleRateThrottle.parse_rate(cast("SimpleRateThrottle", None), wanted)  # looks at no throttle
    return cast("tuple[int, int]", (many, seconds))


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)


class Shared(SimpleRateThrottle):
    """Counted in Redis, for all web processes together; while Redis is away each process counts for itself."""

    away_until = 0.0
    num_requests: int
    duration: int

    def get_rate(self) -> str | None:
        return settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"].get(self.scope) or None

    def allow_request(self, request: Request, view: Any) -> bool:
        key = self.get_cache_key(request, view) if self.rate else None
        if key is None:
            return True
        if time.monotonic() < Shared.away_until:
            return super().allow_request(request, view)
        try:
            window = _redis(settings.REDIS_URL)
            said = window.eval(WINDOW, 1, key, self.num_requests, self.duration, uuid.uuid4().hex)
        except redis.RedisError as error:
            log.warning("rates are counted in this process", error=type(error).__name__)
            Shared.away_until = time.monotonic() + AWAY_SECONDS
            return super().allow_request(request, view)
        self.seconds = float(said)
        return self.seconds == 0

    def wait(self) -> float | None:
        return self.seconds if hasattr(self, "seconds") else super().wait()


class PerUser(Shared):
    """Everything a signed-in person asks for. The public endpoints have no person to count."""

    scope = "user"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"rate:user:{request.user.pk}" if request.user and request.user.is_authenticated else None


class SigningIn(Shared):
    """Tries to sign in, from one address."""

    scope = "signin"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"rate:signin:{accounts.address_of(request._request)}"
