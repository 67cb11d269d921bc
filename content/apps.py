from typing import Any

import structlog
from django.apps import AppConfig
from django.dispatch import receiver


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Newsroom"

    def ready(self) -> None:
        from django_structlog.signals import bind_extra_request_metadata

        from content.services import accounts

        @receiver(bind_extra_request_metadata, weak=False, dispatch_uid="copydesk.address")
        def bind_address(request: Any, **_: Any) -> None:
            """The address as this installation's proxies tell it: anybody can write X-Forwarded-For."""
            agent = request.META.get("HTTP_USER_AGENT", "")
            structlog.contextvars.bind_contextvars(ip=accounts.address_of(request), user_agent=agent)
