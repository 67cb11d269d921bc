"""Addresses of the machine's API, under /api/v1/."""

from django.urls import path

from pipeline.api import models, publishing, tasks

urlpatterns = [
    path("tasks/", tasks.Tasks.as_view(), name="api-tasks"),
    path("tasks/<int:pk>/", tasks.OneTask.as_view(), name="api-task"),
    path("tasks/<int:pk>/cancel/", tasks.Cancel.as_view(), name="api-task-cancel"),
    path("tasks/<int:pk>/retry/", tasks.Retry.as_view(), name="api-task-retry"),
    path("tasks/<int:pk>/events/", tasks.Events.as_view(), name="api-task-events"),
    path("content/<int:pk>/publish/", publishing.Publish.as_view(), name="api-publish"),
    path("content/<int:pk>/unpublish/", publishing.Unpublish.as_view(), name="api-unpublish"),
    path("models/", models.Models.as_view(), name="api-models"),
]
