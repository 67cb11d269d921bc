"""Every address of Copydesk."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from django.views.static import serve
from drf_spectacular.views import SpectacularAPIView

from config.health import healthz, readyz
from content.api.errors import nothing_here


def public_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of the public storage, when that is this machine's disk; names are hashes, so they never change."""
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response["Cache-Control"] = settings.FOREVER
    return response


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/icon.svg", permanent=True)),
    path("admin/", admin.site.urls),
    path("desk/", include("pipeline.urls")),
    path("desk/", include("media_gen.urls")),
    path("desk/", include("content.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/", include("pipeline.api.urls")),
    path("api/v1/", include("media_gen.api.urls")),
    path("api/v1/", include("content.api.urls")),
    re_path(r"^api/", nothing_here),
    re_path(r"^media/(?P<path>.+)$", public_file, name="media"),
    path("", include("content.site_urls")),
]
handler500 = "content.views.refusals.server_error"
