"""Addresses of pictures at the desk."""

from django.urls import path

from media_gen import views

urlpatterns = [
    path("images/<int:pk>/preview", views.preview, name="image-preview"),
    path("pieces/<int:pk>/pictures/", views.pictures, name="piece-pictures"),
    path("pieces/<int:pk>/pictures/choose", views.choose, name="image-choose"),
    path("pieces/<int:pk>/pictures/redraw", views.redraw, name="image-redraw"),
]
