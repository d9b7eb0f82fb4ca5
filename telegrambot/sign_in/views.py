"""The door of the admin, and the page of sessions."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.errors import DomainError
from telegrambot.accounts.models import User
from telegrambot.sign_in import sessions


@never_cache
def admin_door(request: HttpRequest) -> HttpResponse:
    """Stand where the admin's own sign-in page would be: everybody signs in at one place.

    Who is signed in without access reads so; sending them to sign in again would go in circles.
    """
    if request.user.is_authenticated and not request.user.is_staff:
        return render(request, "account/no_access.html", status=403)
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = reverse("admin:index")
    if request.user.is_authenticated:
        return redirect(wanted)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': wanted})}")


@login_required
@never_cache
@require_GET
def sessions_page(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; for owners, where everybody else is too."""
    user = cast(User, request.user)
    context = {
        "sessions": sessions.sessions_of(user),
        "others": sessions.sessions_of_others(user),
        "current": request.session.session_key,
        # None is the server's own zone.
        "zone": getattr(getattr(user, "person", None), "timezone", "") or None,
    }
    return render(request, "account/sessions.html", context)


@login_required
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """Sign out the session whose button was pressed."""
    try:
        ended = sessions.end_session(request.POST.get("session", ""), actor=cast(User, request.user))
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    else:
        sentence = _("%(account)s is signed out on %(device)s.")
        messages.success(request, sentence % {"account": ended.user, "device": ended.device})
    return redirect("account_sessions")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign oneself out everywhere else."""
    count = sessions.end_other_sessions(cast(User, request.user), request.session)
    sentence = ngettext(
        "You are signed out in %(count)d other place.", "You are signed out in %(count)d other places.", count
    )
    messages.success(request, sentence % {"count": count})
    return redirect("account_sessions")
