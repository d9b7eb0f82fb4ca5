"""What the tools beside the chats do: faults, limits, everything back to the demo."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from config.errors import DomainError
from telegrambot.sandbox import demo, faults
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.exceptions import InvalidFault
from telegrambot.sandbox.guard import on_this_machine_only
from telegrambot.sandbox.models import SandboxBot


@on_this_machine_only
@require_POST
def set_fault(request: HttpRequest) -> JsonResponse:
    """Switch a fault on."""
    given = request.POST
    try:
        faults.switch_on(
            given.get("kind", ""),
            method=given.get("method", ""),
            calls=_count(given.get("calls", "")),
            seconds=_count(given.get("seconds", "")),
        )
    except DomainError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({})


@on_this_machine_only
@require_POST
def clear_faults(request: HttpRequest) -> JsonResponse:
    """Switch off the faults of one method, or all."""
    faults.clear(request.POST.get("method") or None)
    return JsonResponse({})


@on_this_machine_only
@require_POST
def switch_bot(request: HttpRequest) -> JsonResponse:
    """Telegram's rate limits and the bot's privacy mode, as two switches."""
    SandboxBot.objects.current()
    SandboxBot.objects.update(
        limits_enabled=request.POST.get("limits") == "on", privacy_mode=request.POST.get("privacy") == "on"
    )
    announce("faults")
    return JsonResponse({})


@on_this_machine_only
@require_POST
def reset(request: HttpRequest) -> JsonResponse:
    """Everything back to the demo."""
    try:
        demo.reset()
    except DomainError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({})


def _count(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise InvalidFault(calls=faults.MAX_CALLS, seconds=faults.MAX_HANG_SECONDS)
    return int(value)
