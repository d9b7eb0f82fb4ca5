"""Which model drafts for the operator, and how it is to write. Keys are typed into the browser only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, command, escape
from telegrambot.inbox.desk import choices
from telegrambot.inbox.desk.exceptions import EntryTooLong, NothingChosen
from telegrambot.inbox.drafting.endpoints import PRESETS, Endpoint
from telegrambot.inbox.models import Provider, UserSelectedModel

MAX_SHOWN = 700
MAX_NAME, MAX_ADDRESS = 100, 300
# In hundredths.
TEMPERATURES = (0, 30, 70, 100)


@command("model", description=gettext_lazy("The model that drafts answers for you"), role=Role.ADMIN)
@button(role=Role.ADMIN, command="model")
def model(request: ChatRequest) -> Reply:
    """Show the operator's model, or everybody's."""
    return _screen(request.person)


# ── Provider, model, address ──────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="model")
def choose_provider(request: ChatRequest) -> Reply:
    """Offer the providers."""
    rows = [[Button(provider.label, choose, provider.value)] for provider in Provider]
    return Reply(_("Who should draft answers for you?"), [*rows, [Button(_("‹ Back"), model)]], leaves=True)


@button(role=Role.ADMIN, command="model")
def choose(request: ChatRequest, provider: str) -> Reply:
    """Take a provider; most have many models, so ask which."""
    if provider not in Provider.values:
        raise NothingChosen
    if provider == Provider.BUILT_IN:
        return _changed(request.person, provider=provider, model_name="", base_url="")
    if provider == Provider.OTHER:
        ask = _("Send me the address of the server, such as http://localhost:11434/v1. /cancel leaves.")
        return Reply(ask, [_back()], ask=hear_address, data={"provider": provider})
    return _ask_name(provider, "")


@button(role=Role.ADMIN, command="model")
def ask_address(request: ChatRequest) -> Reply:
    """Ask where the provider is."""
    provider = _basis(request.person).provider
    ask = _("Send me the address of the server, such as http://localhost:11434/v1. /cancel leaves.")
    return Reply(ask, [_back()], ask=hear_address, data={"provider": provider})


@answer(role=Role.ADMIN, command="model")
def hear_address(request: ChatRequest) -> Reply:
    """Take the address, and ask for the model there."""
    address = _short(request.text, MAX_ADDRESS)
    provider = str(request.data["provider"])
    _ = Endpoint(PRESETS[provider], address).url  # refused at once when it is none
    return _ask_name(provider, address)


@answer(role=Role.ADMIN, command="model")
def hear_name(request: ChatRequest) -> Reply:
    """Take the model."""
    provider, address = str(request.data["provider"]), str(request.data["address"])
    name = _short(request.text, MAX_NAME)
    return _changed(request.person, provider=provider, model_name=name, base_url=address)


# ── How it writes ─────────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="model")
def ask_instructions(request: ChatRequest) -> Reply:
    """Ask how the model should write."""
    present = _instructions(_basis(request.person))
    text = _("Send me the instructions for the model: how to greet, what never to promise. /cancel leaves.")
    rows = [[Button(_("No instructions"), drop_instructions)]] if present else []
    quoted = f"\n\n<code>{escape(present)}</code>" if present else ""
    return Reply(f"{text}{quoted}", [*rows, _back()], ask=hear_instructions)


@answer(role=Role.ADMIN, command="model")
def hear_instructions(request: ChatRequest) -> Reply:
    """Take the instructions; another wording is another version."""
    return _changed(request.person, instructions=request.text)


@button(role=Role.ADMIN, command="model")
def drop_instructions(request: ChatRequest) -> Reply:
    """Have none."""
    return _changed(request.person, instructions="")


@button(role=Role.ADMIN, command="model")
def choose_temperature(request: ChatRequest) -> Reply:
    """Offer temperatures."""
    row = [Button(_degrees(Decimal(value) / 100), set_temperature, value) for value in TEMPERATURES]
    text = _("How free may it write? 0: always the same; 1: full of ideas.")
    return Reply(text, [row, _back()], leaves=True)


@button(role=Role.ADMIN, command="model")
def set_temperature(request: ChatRequest, hundredths: int) -> Reply:
    """Take a temperature."""
    nearest = min(TEMPERATURES, key=lambda value: abs(value - hundredths))
    return _changed(request.person, temperature=Decimal(nearest) / 100)


@button(role=Role.ADMIN, command="model")
def use_everybodys(request: ChatRequest) -> Reply:
    """Drop the operator's own choice."""
    choices.forget(request.person, actor=request.person)
    return _screen(request.person)


# ── Screens ───────────────────────────────────────────────────────────────────────────────────────────────


def _screen(person: TelegramUser) -> Reply:
    own = choices.row_of(person)
    row = own or choices.row_of(None) or UserSelectedModel()
    title = _("Your model") if own else _("Your model: everybody's")
    parts = [f"<b>{title}</b>\n{_which(row)}"]
    if row.provider != Provider.BUILT_IN:
        parts.append(_("Temperature: {value}").format(value=_degrees(Decimal(row.temperature))))
        instructions = _instructions(row)
        if instructions:
            shown = instructions if len(instructions) <= MAX_SHOWN else instructions[: MAX_SHOWN - 1] + "…"
            heading = _("Instructions ({version}):").format(version=row.prompt)
            parts.append(f"{heading}\n<blockquote>{escape(shown)}</blockquote>")
        else:
            parts.append(_("No instructions."))
    return Reply("\n\n".join(parts), _buttons(row, is_own=own is not None), leaves=True)


def _which(row: UserSelectedModel) -> str:
    if row.provider == Provider.BUILT_IN:
        return _("Without a model: answers are put together from the guides.")
    preset = PRESETS[row.provider]
    lines: list[str] = [escape(str(row)), escape(row.base_url or preset.base_url)]
    if row.credentials is not None:
        lines.append(_("🔑 with a key"))
    elif preset.needs_key:
        lines.append(_("🔑 It needs a key. For safety, keys are entered in the browser only."))
    return "\n".join(lines)


def _buttons(row: UserSelectedModel, *, is_own: bool) -> list[list[Button]]:
    rows = [[Button(_("🔁 Another model"), choose_provider)]]
    if row.provider != Provider.BUILT_IN:
        rows.append([Button(_("🌡 Temperature"), choose_temperature), Button(_("🌐 Address"), ask_address)])
        rows.append([Button(_("📝 Instructions"), ask_instructions)])
    if is_own:
        rows.append([Button(_("👥 Use everybody's"), use_everybodys)])
    return rows


def _ask_name(provider: str, address: str) -> Reply:
    text = _("Which model of {provider}? Send me its name, as the provider writes it. /cancel leaves.")
    name = escape(str(PRESETS[provider].label))
    return Reply(
        text.format(provider=name), [_back()], ask=hear_name, data={"provider": provider, "address": address}
    )


def _back() -> list[Button]:
    return [Button(_("‹ Back"), model)]


# ── What is chosen ────────────────────────────────────────────────────────────────────────────────────────


def _basis(person: TelegramUser) -> UserSelectedModel:
    """What a change starts from: the operator's own choice, else everybody's."""
    return choices.row_of(person) or choices.row_of(None) or UserSelectedModel()


def _changed(person: TelegramUser, **changes: Any) -> Reply:
    row = _basis(person)
    provider = changes.get("provider", row.provider)
    address = changes.get("base_url", row.base_url)
    values = {
        "provider": provider,
        "model_name": row.model_name,
        "base_url": address,
        "instructions": _instructions(row),
        "temperature": Decimal(row.temperature),
    }
    key = _key_for(person, provider, address)
    choices.choose(person, **values | changes, credentials_name=key, actor=person)
    return _screen(person)


def _key_for(person: TelegramUser, provider: str, address: str) -> str:
    """The name of the key that is in use at this very address already; a key is sent to no other server."""
    for row in (choices.row_of(person), choices.row_of(None)):
        if row and row.credentials and (row.provider, row.base_url) == (provider, address.strip()):
            return row.credentials.name
    return ""


def _instructions(row: UserSelectedModel) -> str:
    return row.prompt.text if row.prompt else ""


def _degrees(value: Decimal) -> str:
    return number_format(value.normalize())


def _short(text: str, most: int) -> str:
    text = text.strip()
    if len(text) > most:
        raise EntryTooLong(most=most, length=len(text))
    return text
