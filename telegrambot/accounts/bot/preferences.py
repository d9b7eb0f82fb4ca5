"""What people say to the bot about how it should treat them: language, time, broadcasts."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.utils import translation
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from telegrambot.accounts import quiet_hours, services, timezones
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, command


@command("settings", description=gettext_lazy("Language, time zone, quiet hours, broadcasts"))
@button(command="settings")
def show_settings(request: ChatRequest) -> Reply:
    """Show what can be chosen."""
    return _settings_screen(request.person)


@command("language", description=gettext_lazy("Choose the language"))
@button(command="language")
def show_languages(request: ChatRequest) -> Reply:
    """Offer the languages the bot speaks."""
    return _language_screen(request.person)


@command("stop", description=gettext_lazy("No more broadcasts"))
def stop(request: ChatRequest) -> Reply:
    """Opt out of broadcasts."""
    services.opt_out(request.person, actor=request.person)
    return Reply(_("You will get no more broadcasts. I still answer you. /resume brings them back."))


@command("resume", description=gettext_lazy("Broadcasts again"))
def resume(request: ChatRequest) -> Reply:
    """Opt in to broadcasts again."""
    services.opt_in(request.person, actor=request.person)
    return Reply(_("You will get broadcasts again. /stop ends them."))


@button(command="language")
def choose_language(request: ChatRequest, code: str = "") -> Reply:
    """Speak another language from now on, this screen included."""
    services.set_language(request.person, code, actor=request.person)
    with translation.override(request.person.language):
        screen = _language_screen(request.person)
        screen.toast = _("I speak English with you now.")
        return screen


@button(command="settings")
def show_timezones(request: ChatRequest) -> Reply:
    """Offer time zones, and listen for another one."""
    pairs = zip(timezones.OFFERED[::2], timezones.OFFERED[1::2], strict=True)
    rows = [[Button(name, choose_timezone, name) for name in pair] for pair in pairs]
    text = _("Choose your time zone, or send me its name or a large city near you, such as Lisbon.")
    return Reply(text, [*rows, [Button(_("‹ Back"), show_settings)]], ask=hear_timezone)


@button(command="settings")
def choose_timezone(request: ChatRequest, name: str) -> Reply:
    """Take an offered time zone."""
    services.set_timezone(request.person, name, actor=request.person)
    return _settings_screen(request.person)


@answer(command="settings")
def hear_timezone(request: ChatRequest) -> Reply:
    """Take a time zone that was typed."""
    services.set_timezone(request.person, request.text, actor=request.person)
    return _settings_screen(request.person)


@button(command="settings")
def show_quiet_hours(request: ChatRequest) -> Reply:
    """Offer quiet hours, and listen for others."""
    offered = [
        Button(str(QuietHours(time(start), time(end))), choose_quiet_hours, start, end)
        for start, end in quiet_hours.OFFERED
    ]
    text = _("When shall I send you nothing but answers? Choose, or send me two times such as 21:30-06:30.")
    back = [Button(_("No quiet hours"), forget_quiet_hours), Button(_("‹ Back"), show_settings)]
    return Reply(text, [offered, back], ask=hear_quiet_hours)


@button(command="settings")
def choose_quiet_hours(request: ChatRequest, start: int, end: int) -> Reply:
    """Take offered quiet hours."""
    services.set_quiet_hours(request.person, QuietHours(time(start), time(end)), actor=request.person)
    return _settings_screen(request.person)


@button(command="settings")
def forget_quiet_hours(request: ChatRequest) -> Reply:
    """Have no quiet hours."""
    services.set_quiet_hours(request.person, None, actor=request.person)
    return _settings_screen(request.person)


@answer(command="settings")
def hear_quiet_hours(request: ChatRequest) -> Reply:
    """Take quiet hours that were typed."""
    services.set_quiet_hours(request.person, QuietHours.parse(request.text), actor=request.person)
    return _settings_screen(request.person)


@button(command="settings")
def switch_broadcasts(request: ChatRequest, wanted: int) -> Reply:
    """Turn broadcasts on or off."""
    change = services.opt_in if wanted else services.opt_out
    change(request.person, actor=request.person)
    return _settings_screen(request.person)


def _settings_screen(who: TelegramUser) -> Reply:
    is_on = who.opted_out_at is None
    labels = (
        (_("Language: {value}"), get_language_info(who.language)["name_local"], show_languages, ()),
        (_("Time zone: {value}"), who.timezone or _("not chosen"), show_timezones, ()),
        (_("Quiet hours: {value}"), who.quiet_hours or _("none"), show_quiet_hours, ()),
        (_("Broadcasts: {value}"), _("on") if is_on else _("off"), switch_broadcasts, (int(not is_on),)),
    )
    rows = [[Button(label.format(value=value), view, *args)] for label, value, view, args in labels]
    return Reply(_("Your settings. Press one to change it."), rows, leaves=True)


def _language_screen(who: TelegramUser) -> Reply:
    chosen = who.preferences.get("language", "")
    offered = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
    rows = [
        [Button(f"✓ {name}" if code == chosen else name, choose_language, code)]
        for code, name in (*offered, ("", _("As in Telegram")))
    ]
    return Reply(_("Which language shall I speak with you?"), [*rows, [Button(_("‹ Back"), show_settings)]])
