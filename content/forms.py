"""Forms of the newsroom."""

from __future__ import annotations

from django import forms


def number(typed: str | None) -> int:
    """The whole number that was sent, 0 (which no row has) for anything else. Python does not read thousands of digits."""
    return int(typed) if typed and typed.isascii() and typed.isdecimal() and len(typed) < 16 else 0


class SignInForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        max_length=1000, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
