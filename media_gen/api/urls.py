"""Addresses of the pictures' API, under /api/v1/."""

from django.urls import path

from media_gen.api import images

urlpatterns = [
    path("media/images/", images.Images.as_view(), name="api-images"),
    path("media/images/<int:pk>/", images.OneImage.as_view(), name="api-image"),
    path("media/images/<int:pk>/approve/", images.Approve.as_view(), name="api-image-approve"),
    path("media/images/<int:pk>/preview/", images.Preview.as_view(), name="api-image-preview"),
]
