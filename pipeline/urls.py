"""Addresses of the machine's pages, under /desk/."""

from django.urls import path

from pipeline.views import asking, daily, notifications, pictures, publish, reworking, settings, tasks, today

urlpatterns = [
    path("", today.today, name="dashboard"),
    path("live/", today.today_live, name="dashboard-live"),
    path("run/", daily.run_now, name="run-now"),
    path("ideas/<int:pk>/write/", daily.write, name="idea-write"),
    path("tasks/", tasks.index, name="tasks"),
    path("tasks/live/", tasks.index_live, name="tasks-live"),
    path("tasks/new/", asking.new, name="task-new"),
    path("tasks/new/check/", asking.check, name="task-check"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/live/", tasks.task_live, name="task-live"),
    path("tasks/<int:pk>/log/", tasks.task_log, name="task-log"),
    path("tasks/<int:pk>/cancel/", tasks.cancel, name="task-cancel"),
    path("tasks/<int:pk>/retry/", tasks.retry, name="task-retry"),
    path("tasks/<int:pk>/stages/<int:stage>/retry/", tasks.retry_stage, name="task-stage-retry"),
    path("tasks/<int:pk>/delete/", tasks.delete, name="task-delete"),
    path("settings/", settings.daily, name="settings"),
    path("settings/topics/", settings.topics, name="settings-topics"),
    path("settings/model/", settings.model, name="settings-model"),
    path("settings/notifications/", settings.notifications, name="settings-notifications"),
    path("settings/house/", settings.house_rules, name="settings-house"),
    path("settings/keyboard/", settings.keyboard, name="settings-keyboard"),
    path("notifications/", notifications.index, name="notifications"),
    path("notifications/bell/", notifications.bell, name="notifications-bell"),
    path("notifications/read/", notifications.read_all, name="notifications-read"),
    path("notifications/<int:pk>/", notifications.show, name="notification"),
    path("pieces/<int:pk>/pictures/", pictures.pictures, name="piece-pictures"),
    path("pieces/<int:pk>/pictures/live/", pictures.live, name="piece-pictures-live"),
    path("pieces/<int:pk>/pictures/choose", pictures.choose, name="image-choose"),
    path("pieces/<int:pk>/pictures/more", pictures.more, name="piece-pictures-more"),
    path("pieces/<int:pk>/pictures/upload", pictures.upload, name="piece-pictures-upload"),
    # Publishing: the picture is chosen with the text, so it stands here and not in the newsroom.
    path("pieces/<int:pk>/publish/", publish.publish, name="piece-publish"),
    path("pieces/<int:pk>/unpublish/", publish.unpublish, name="piece-unpublish"),
    path("pieces/<int:pk>/publish/call-off/", publish.call_off, name="piece-call-off"),
    path("pieces/<int:pk>/publish/again/", publish.deliver, name="piece-deliver"),
    path("pieces/<int:pk>/address/", publish.address, name="piece-address"),
    path("pieces/<int:pk>/preview-link/", publish.preview_link, name="piece-preview-link"),
    path("pieces/<int:pk>/mark/", publish.mark, name="piece-mark"),
    path("pieces/<int:pk>/unmark/", publish.unmark, name="piece-unmark"),
    # Once more by the machine, which the newsroom knows nothing of.
    path("pieces/<int:pk>/revise/", reworking.revise, name="piece-revise"),
    path("pieces/<int:pk>/versions/<int:number>/replay/", reworking.replay, name="version-replay"),
]
