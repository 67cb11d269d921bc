"""Addresses of the machine's API, under /api/v1/."""

from django.urls import path

from pipeline.api import config, media, models, publishing, reworking, tasks, workflows

urlpatterns = [
    path("tasks/", tasks.Tasks.as_view(), name="api-tasks"),
    path("tasks/<int:pk>/", tasks.OneTask.as_view(), name="api-task"),
    path("tasks/<int:pk>/cancel/", tasks.Cancel.as_view(), name="api-task-cancel"),
    path("tasks/<int:pk>/retry/", tasks.Retry.as_view(), name="api-task-retry"),
    path("tasks/<int:pk>/events/", tasks.Events.as_view(), name="api-task-events"),
    path("workflows/", workflows.Workflows.as_view(), name="api-workflows"),
    path("workflows/execute/", workflows.Execute.as_view(), name="api-workflow-execute"),
    path("workflows/<int:pk>/", workflows.OneWorkflow.as_view(), name="api-workflow"),
    path("content/<int:pk>/publish/", publishing.Publish.as_view(), name="api-publish"),
    path("content/<int:pk>/unpublish/", publishing.Unpublish.as_view(), name="api-unpublish"),
    path("content/<int:pk>/address/", publishing.Address.as_view(), name="api-address"),
    path("content/<int:pk>/preview-link/", publishing.PreviewLinks.as_view(), name="api-preview-link"),
    path("content/<int:pk>/revise/", reworking.Revise.as_view(), name="api-revise"),
    path("content/<int:pk>/versions/<int:number>/replay/", reworking.Replay.as_view(), name="api-replay"),
    path("media/variations/", media.Variations.as_view(), name="api-variations"),
    path("config/schedule/", config.OneSchedule.as_view(), name="api-schedule"),
    path("config/preferences/", config.OnePreferences.as_view(), name="api-preferences"),
    path("models/", models.Models.as_view(), name="api-models"),
]
