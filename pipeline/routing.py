"""Addresses of the live feed."""

from django.urls import path

from pipeline.consumers import TaskFeed, TasksFeed

websocket_urlpatterns = [
    path("ws/tasks/", TasksFeed.as_asgi()),
    path("ws/tasks/<int:pk>/", TaskFeed.as_asgi()),
]
