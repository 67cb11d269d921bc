"""The bare view behind all of Copydesk's own middleware: what a page of ours costs before it does anything."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.asgi import application

__all__ = ["application"]


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok", content_type="text/plain", headers={"Content-Length": "2"})


urlpatterns = [path("", constant)]
settings.ROOT_URLCONF = __name__  # read at each request, and by nothing before the first
