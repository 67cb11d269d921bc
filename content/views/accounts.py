"""The door: signing in and out of the desk."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from content.errors import CopydeskError
from content.forms import SignInForm
from content.services import accounts


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signin(request: HttpRequest) -> HttpResponse:
    """The form; once signed in, on to where the person was going."""
    onward = _onward(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = SignInForm(request.POST or None)
    refusal, status = "", 200 if request.method == "GET" else 400
    if request.method == "POST" and form.is_valid():
        try:
            accounts.sign_in(request, form.cleaned_data["email"], form.cleaned_data["password"])
        except CopydeskError as error:
            refusal, status = error.message, error.status
        else:
            if "remember" not in request.POST:
                request.session.set_expiry(0)  # until the browser is closed
            return redirect(onward)
    context = {"form": form, "refusal": refusal, "next": request.GET.get("next") or request.POST.get("next") or ""}
    return render(request, "content/signin.html", context, status=status)


@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    """End this session. A GET is refused: another site's picture must not be able to do it."""
    accounts.sign_out(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _onward(request: HttpRequest) -> str:
    """`next`, as long as it stays on this site; else the dashboard."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
