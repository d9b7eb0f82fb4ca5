"""Who is signed in where, and signing them out."""

from __future__ import annotations

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from audit.services import record
from telegrambot.accounts.models import User
from telegrambot.accounts.roles import Role
from telegrambot.sign_in.exceptions import OtherPeoplesSession, SessionAlreadyEnded
from telegrambot.sign_in.models import Session

MOST_LISTED = 100


def sessions_of(user: User) -> list[Session]:
    """Return the sessions in which an account is signed in, the one used last first."""
    return _alive(Session.objects.filter(user=user))


def sessions_of_others(user: User) -> list[Session]:
    """Return everybody else's sessions for an owner, grouped by account; none for anybody else."""
    if user.role < Role.OWNER:
        return []
    found = _alive(Session.objects.filter(user__isnull=False).exclude(user=user))
    return sorted(found, key=lambda session: str(session.user))


@transaction.atomic
def end_session(handle: str, *, actor: User) -> Session:
    """Sign out one session, by its handle.

    Raises:
        SessionAlreadyEnded: there is no such session any more.
        OtherPeoplesSession: it is not the actor's own, and the actor is no owner.
    """
    signed_in = Session.objects.filter(user__isnull=False, expire_date__gt=timezone.now())
    session = next((row for row in signed_in.select_related("user") if row.handle == handle), None)
    if session is None:
        raise SessionAlreadyEnded
    if session.user_id != actor.pk and actor.role < Role.OWNER:
        raise OtherPeoplesSession
    session.delete()
    record("sign_in.session.closed", session.user)
    return session


@transaction.atomic
def end_other_sessions(user: User, current: SessionBase) -> int:
    """Sign an account out everywhere but in its current session; return in how many places."""
    others = Session.objects.filter(user=user).exclude(session_key=current.session_key)
    open_now = sum(session.session_key != current.session_key for session in sessions_of(user))
    others.delete()
    if open_now:
        record("sign_in.session.closed", user, details={"count": open_now})
    return open_now


def forget_expired() -> int:
    """Delete the sessions whose time is over; return how many."""
    return Session.objects.filter(expire_date__lte=timezone.now()).delete()[0]


def _alive(sessions: QuerySet[Session]) -> list[Session]:
    newest = sessions.filter(expire_date__gt=timezone.now()).select_related("user__person")
    return [session for session in newest.order_by("-seen_at")[:MOST_LISTED] if _is_valid(session)]


def _is_valid(session: Session) -> bool:
    if session.user is None or not session.user.is_active:
        return False
    # A changed password ended the others, though their rows are still there.
    kept: str = session.get_decoded().get(HASH_SESSION_KEY, "")
    return constant_time_compare(kept, session.user.get_session_auth_hash())
