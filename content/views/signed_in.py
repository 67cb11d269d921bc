"""The request of somebody who signed in, for views behind `login_required`."""

from django.http import HttpRequest

from content.models import User


class SignedIn(HttpRequest):
    """What `login_required` promises: `user` is one of ours."""

    user: User
