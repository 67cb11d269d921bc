import pkgutil
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class PipelineConfig(AppConfig):
    name = "pipeline"
    verbose_name = "Machine"

    def ready(self) -> None:
        """A worker knows its work before it is forked: else each one loads all of it at its first task, in 0.7 s."""
        if settings.IS_WORKER:
            stages = import_module("pipeline.stages")
            for module in pkgutil.iter_modules(stages.__path__):
                import_module(f"{stages.__name__}.{module.name}")
