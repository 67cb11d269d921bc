"""The public site's addresses."""

from django.urls import path

from content.views import site

urlpatterns = [
    path("", site.home, name="home"),
    path("category/<str:slug>/", site.category, name="category"),
    path("posts/<str:slug>/", site.post, name="post"),
]
