"""Addresses of the newsroom's API, under /api/v1/."""

from django.urls import path, re_path

from content.api import audit, decisions, guests, ideas, pieces, posts, sessions, versions

urlpatterns = [
    path("auth/login/", sessions.Login.as_view(), name="api-login"),
    path("auth/refresh/", sessions.Refresh.as_view(), name="api-refresh"),
    path("auth/logout/", sessions.Logout.as_view(), name="api-logout"),
    path("auth/me/", sessions.Me.as_view(), name="api-me"),
    path("ideas/", ideas.Ideas.as_view(), name="api-ideas"),
    path("content/", pieces.Pieces.as_view(), name="api-pieces"),
    path("content/<int:pk>/", pieces.OnePiece.as_view(), name="api-piece"),
    path("content/<int:pk>/state/", decisions.State.as_view(), name="api-piece-state"),
    path("content/<int:pk>/versions/", versions.Versions.as_view(), name="api-versions"),
    path("content/<int:pk>/versions/<int:number>/", versions.OneVersion.as_view(), name="api-version"),
    path("content/<int:pk>/versions/<int:number>/restore/", versions.Restore.as_view(), name="api-version-restore"),
    path("content/<int:pk>/diff/", versions.Diff.as_view(), name="api-diff"),
    path("content/<int:pk>/decisions/", decisions.Decisions.as_view(), name="api-decisions"),
    path("content/<int:pk>/guest-links/", guests.GuestLinks.as_view(), name="api-guest-links"),
    path("content/<int:pk>/guest-links/<int:link>/", guests.OneGuestLink.as_view(), name="api-guest-link"),
    path("posts/", posts.Posts.as_view(), name="api-posts"),
    path("posts/search/", posts.Search.as_view(), name="api-posts-search"),
    re_path(r"^posts/(?P<slug>[-\w]+)/$", posts.OnePost.as_view(), name="api-post"),
    path("audit/", audit.Audit.as_view(), name="api-audit"),
    path("audit/export/", audit.AuditExport.as_view(), name="api-audit-export"),
]
