import pkgutil
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.dispatch import receiver


class PipelineConfig(AppConfig):
    name = "pipeline"
    verbose_name = "Machine"

    def ready(self) -> None:
        from content.models.user import person_erased

        @receiver(person_erased, weak=False, dispatch_uid="copydesk.leaving")
        def forget(person: Any, name: str, **_: Any) -> None:
            from pipeline.services import leaving

            leaving.forget(person, name)

        # A worker knows its work before it is forked: else each one loads all of it at its first task, in 0.7 s.
        if settings.IS_WORKER:
            stages = import_module("pipeline.stages")
            for module in pkgutil.iter_modules(stages.__path__):
                import_module(f"{stages.__name__}.{module.name}")
