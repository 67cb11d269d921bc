"""The newsroom in the admin. What has a history changes through the desk's services."""

from django.contrib import admin

from . import people, pieces, record, versions
from .base import Listed, NewestOnly, People, ReadOnly, among, indexed, saying

__all__ = [
    "Listed",
    "NewestOnly",
    "People",
    "ReadOnly",
    "among",
    "indexed",
    "people",
    "pieces",
    "record",
    "saying",
    "versions",
]

admin.site.site_header = admin.site.site_title = "Copydesk"
admin.site.index_title = "People, and everything on the record"
