from django.apps import AppConfig


class CopydeskConfig(AppConfig):
    name = "config"
    verbose_name = "Copydesk"
