"""One ASGI application: pages and API over HTTP, live progress over WebSocket."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["COPYDESK_PROCESS"] = "web"  # settings give the web a pool of connections

from config.handler import get_asgi_application

http = get_asgi_application()

# The consumers import models, so the apps must be loaded first.
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

from content.views.limits import BodyLimit
from content.views.shelf import Shelf
from pipeline.routing import websocket_urlpatterns
from pipeline.socket_auth import Identify

application = ProtocolTypeRouter(
    {
        "http": Shelf(BodyLimit(http), size=settings.SHELF_MB * 1_000_000),
        "websocket": Identify(URLRouter(websocket_urlpatterns)),
    }
)

# What was loaded by now stays. Looking through it again and again for garbage stopped every socket for 0.15 s, each
# second of a busy feed.
gc.freeze()
