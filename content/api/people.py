"""How a person appears in what they made."""

from __future__ import annotations

from rest_framework import serializers


class Person(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")
