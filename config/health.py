"""Is it alive, and is everything it needs answering?"""

import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Each service by name; 503 when one does not answer."""
    services = {"postgres": _postgres(), "redis": _redis()}
    ready = all(answer == "ok" for answer in services.values())
    return JsonResponse(services, status=200 if ready else 503)


def _postgres() -> str:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return f"not reachable: {type(error).__name__}"
    return "ok"


def _redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError as error:
        return f"not reachable: {type(error).__name__}"
    finally:
        client.close()
    return "ok"
