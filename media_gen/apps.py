import mimetypes

from django.apps import AppConfig


class MediaGenConfig(AppConfig):
    name = "media_gen"
    verbose_name = "Pictures"

    def ready(self) -> None:
        # Older Pythons, on machines without a list of their own, know neither; an unknown type is downloaded, not shown.
        mimetypes.add_type("image/webp", ".webp")
        mimetypes.add_type("image/avif", ".avif")
