"""How many calls a minute a provider gets from this installation, all workers on all machines together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import lru_cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# A quarter of a minute's calls may come at once; the vendors' own buckets hold a whole minute's.
BURST = 0.25
SAID_FROM_SECONDS = 1.0
# A token is taken at once, from an empty bucket too: what is owed is the wait. So whoever comes first goes first, and
# nobody asks twice. By Redis's clock: workers need not agree on theirs.
TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local size, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or size
tokens = math.min(size, tokens + math.max(0, now - (tonumber(kept[2]) or now)) * rate) - 1
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil((size - tokens) / rate) + 60)
return string.format('%.3f', math.max(0, -tokens / rate))
"""
GIVE_BACK = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'tokens', 1) end
"""


@lru_cache(maxsize=4)
def _client(url: str, pid: int) -> redis.Redis:
    """One pool a process; `pid` keeps a forked worker from using its parent's."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)


def wait(provider: str, stop: threading.Event, says: Callable[[float], None]) -> bool:
    """Wait until `provider` may be asked; False if `stop` was set first. `says` is told the seconds, if it takes any.

    Without Redis nothing is counted: a vendor that is asked too often says so itself.
    """
    per_minute = settings.PER_MINUTE.get(provider, 0)
    if per_minute <= 0:
        return True
    key = f"copydesk:per-minute:{provider}"
    try:
        client = _client(settings.REDIS_URL, os.getpid())
        seconds = float(client.eval(TAKE, 1, key, max(1, per_minute * BURST), per_minute / 60))
    except (redis.RedisError, OSError) as error:
        _away(provider, error)
        return True
    _missed.discard(provider)
    if seconds >= SAID_FROM_SECONDS:
        says(seconds)
    if not stop.wait(seconds):
        return True
    try:
        client.eval(GIVE_BACK, 1, key)
    except (redis.RedisError, OSError) as error:
        _away(provider, error)
    return False


_missed: set[str] = set()


def _away(provider: str, error: Exception) -> None:
    """One line in the log, not one a call."""
    if provider not in _missed:
        _missed.add(provider)
        log.warning("calls are not counted", provider=provider, error=type(error).__name__)
