"""Addresses of pictures at the desk. A piece's own pictures, which tasks make, stand with the machine's pages."""

from django.urls import path

from media_gen import views

urlpatterns = [
    path("images/", views.index, name="images"),
    path("images/<int:pk>/preview", views.preview, name="image-preview"),
]
