from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CopydeskConfig(AppConfig):
    name = "config"
    verbose_name = "Copydesk"

    def ready(self) -> None:
        from config import roles

        # One sender, so that it is told once: all tables are made by then.
        post_migrate.connect(roles.settle, sender=apps.get_app_config("content"), dispatch_uid="copydesk.roles")
