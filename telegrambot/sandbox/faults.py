"""Faults on purpose: let Telegram refuse, hang, drop connections or be down, and see what the engine does.

`switch_on`, `clear` and `active` are for the page; `next_for` and `hang` for the API.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

from django.db import transaction
from django.db.models import Case, IntegerField, Q, Value, When

from telegrambot.sandbox import webhooks
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.api.errors import ApiError, BadRequest, Forbidden, TooManyRequests
from telegrambot.sandbox.api.methods import canonical_name
from telegrambot.sandbox.exceptions import InvalidFault
from telegrambot.sandbox.models import SandboxBot, SandboxFault

Kind = SandboxFault.Kind

MAX_CALLS = 1000
# Longer than any client waits, and short enough for the web server's few threads.
MAX_HANG_SECONDS = 60
MAX_RETRY_SECONDS = 3600
DEFAULT_SECONDS: Final = {Kind.TOO_MANY_REQUESTS: 5, Kind.HANG: 30}
_LOOK_SECONDS = 0.25
_SENDING = ("send", "edit", "delete", "copy", "forward")
# These begin like the ones that write into chats, and do not.
_NOT_SENDING = frozenset({"deletewebhook", "deletemycommands"})

_REFUSALS: Final[dict[str, Callable[[int], ApiError]]] = {
    Kind.TOO_MANY_REQUESTS: lambda seconds: TooManyRequests(retry_after=seconds),
    Kind.FORBIDDEN: lambda _: Forbidden("bot was blocked by the user"),
    Kind.SERVER_ERROR: lambda _: ApiError(),
    Kind.BAD_REQUEST: lambda _: BadRequest("switched on in the sandbox's faults"),
}


@dataclass(frozen=True)
class Fault:
    """What stands in the way of one call."""

    key: int
    kind: str
    seconds: int

    def refusal(self) -> ApiError | None:
        """The answer to give instead, None when this fault is no refusal."""
        make = _REFUSALS.get(self.kind)
        return make(self.seconds) if make else None


@transaction.atomic
def switch_on(
    kind: str, *, method: str = SandboxFault.SENDS, calls: int | None = None, seconds: int | None = None
) -> SandboxFault:
    """Switch a fault on, in the place of another one for the same method.

    Args:
        kind: one of `SandboxFault.Kind`. "down" is for all methods, whatever `method` says.
        method: a method's name, `SandboxFault.SENDS` (what writes into chats) or `SandboxFault.ALL`.
        calls: how many calls it hits; None: until switched off.
        seconds: `retry_after` of a 429, or how late the answer of "hang" is; None: a sensible number.

    Raises:
        InvalidFault
    """
    if kind not in Kind.values:
        raise InvalidFault(calls=MAX_CALLS, seconds=MAX_HANG_SECONDS)
    if kind == Kind.DOWN:
        method = SandboxFault.ALL
    if method not in {SandboxFault.SENDS, SandboxFault.ALL}:
        method = canonical_name(method)
    if seconds is None:
        seconds = DEFAULT_SECONDS.get(Kind(kind), 0)
    lowest = 1 if kind in DEFAULT_SECONDS else 0
    highest = MAX_HANG_SECONDS if kind == Kind.HANG else MAX_RETRY_SECONDS
    if not (method and lowest <= seconds <= highest and (calls is None or 1 <= calls <= MAX_CALLS)):
        raise InvalidFault(calls=MAX_CALLS, seconds=highest)
    SandboxFault.objects.filter(method=method).delete()
    announce("faults")
    return SandboxFault.objects.create(kind=kind, method=method, remaining=calls, seconds=seconds)


@transaction.atomic
def clear(method: str | None = None) -> None:
    """Switch off the fault of one method, or all of them; hanging calls go on at once."""
    rows = SandboxFault.objects.all() if method is None else SandboxFault.objects.filter(method=method)
    rows.delete()
    announce("faults")
    _resume_webhook()


def active() -> list[SandboxFault]:
    """What is switched on and not spent yet."""
    return list(SandboxFault.objects.exclude(remaining=0))


def next_for(method: str) -> Fault | None:
    """The fault that hits this call, counted; the one for the method itself goes before the wider ones.

    Args:
        method: the method's name as the documentation writes it.
    """
    concerned = Q(method=method) | Q(method=SandboxFault.ALL)
    if _is_sending(method):
        concerned |= Q(method=SandboxFault.SENDS)
    width = Case(
        When(method=method, then=Value(0)),
        When(method=SandboxFault.SENDS, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = SandboxFault.objects.filter(concerned).exclude(remaining=0).order_by(width)
    # Nearly always nothing is switched on, and this is all that a call pays.
    if not rows.exists():
        return None
    with transaction.atomic():
        row = rows.select_for_update().first()
        if row is None:
            return None
        if row.remaining is not None:
            row.remaining -= 1
            row.save(update_fields=["remaining"])
            announce("faults")
            if not row.remaining:
                _resume_webhook()
    return Fault(row.pk, row.kind, row.seconds)


def hang(fault: Fault) -> None:
    """Wait as long as the fault says, or until it is switched off."""
    deadline = monotonic() + fault.seconds
    while monotonic() < deadline and SandboxFault.objects.filter(pk=fault.key).exists():
        sleep(_LOOK_SECONDS)


def _resume_webhook() -> None:
    """Deliver what waited while Telegram was down."""
    if SandboxBot.objects.exclude(webhook_url="").exists():
        transaction.on_commit(webhooks.wake)


def _is_sending(method: str) -> bool:
    name = method.lower()
    return name.startswith(_SENDING) and name not in _NOT_SENDING
