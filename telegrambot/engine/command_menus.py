"""Which command menus Telegram should show, and which of them it does not show yet.

Everyone sees the public commands (scope default, in English and Russian); a person from subscriber on sees
in the private chat what their role may use, in their own language. How Telegram chooses among the scopes:
https://core.telegram.org/bots/api#determining-list-of-commands
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from telegram import BotCommandScope, BotCommandScopeChat, BotCommandScopeDefault

from telegrambot.accounts.catalogue import Catalogue
from telegrambot.accounts.models import BotCommand, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import CommandMenu, Dialog

# https://core.telegram.org/bots/api#setmycommands
MAX_COMMANDS = 100
# How Telegram names the languages of the default menu: no language of its own means everyone else's.
_DEFAULT_LANGUAGES = {"": "en", "ru": "ru"}

_CHUNK = 500
_DEFAULT = "default"
CHAT_SCOPE = "chat:"


@dataclass(frozen=True, slots=True)
class Menu:
    """What Telegram should show for one scope ("default" or "chat:<id>") and language ("" or "ru")."""

    scope: str
    language: str
    commands: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """What tells one menu from another; empty for no menu in a chat, which is how every chat begins."""
        if not self.commands and self.scope.startswith(CHAT_SCOPE):
            return ""
        return hashlib.sha256(json.dumps(self.commands).encode()).hexdigest()

    @property
    def telegram_scope(self) -> BotCommandScope:
        """The scope as the Bot API wants it."""
        if self.scope.startswith(CHAT_SCOPE):
            return BotCommandScopeChat(self.scope.removeprefix(CHAT_SCOPE))
        return BotCommandScopeDefault()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Changes whenever a menu may have to change."""

    catalogue: tuple[datetime | None, int]
    people: datetime | None


def fingerprint() -> Fingerprint:
    """Look for changes in one query: the short catalogue, and the end of an index on the people."""
    newest = TelegramUser.objects.order_by("-updated_at").values("updated_at")[:1]
    row = BotCommand.objects.aggregate(
        changed=Max("updated_at"), count=Count("pk"), people=Max(Subquery(newest))
    )
    return Fingerprint((row["changed"], row["count"]), row["people"])


def stale_menus(
    catalogue: Catalogue, *, after: int, changed_since: datetime | None, limit: int
) -> tuple[list[Menu], int | None]:
    """What Telegram does not show yet: the default menus, then those of the next chats.

    Args:
        catalogue: what is wanted.
        after: the key of the dialog up to which all was looked at before.
        changed_since: look only at people changed since then; None: at all of them.
        limit: the most menus to return.

    Returns:
        The menus, and the key to go on after; None when there are no more.
    """
    stale = _stale_default_menus(catalogue)
    while chunk := list(_dialogs(after, changed_since)[:_CHUNK]):
        for dialog in chunk:
            if len(stale) >= limit:
                return stale, after
            after = dialog.pk
            menu = _chat_menu(catalogue, dialog)
            if menu.digest != (dialog.shown or ""):  # type: ignore[attr-defined]
                stale.append(menu)
    return stale, None


def settle(menu: Menu) -> None:
    """Remember that Telegram shows this menu."""
    if menu.digest:
        CommandMenu.objects.update_or_create(
            scope=menu.scope, language=menu.language, defaults={"digest": menu.digest}
        )
    else:
        CommandMenu.objects.filter(scope=menu.scope, language=menu.language).delete()


def _stale_default_menus(catalogue: Catalogue) -> list[Menu]:
    known = {menu.language: menu.digest for menu in CommandMenu.objects.filter(scope=_DEFAULT)}
    wanted = [
        Menu(_DEFAULT, code, _commands(catalogue, Role.PUBLIC, language))
        for code, language in _DEFAULT_LANGUAGES.items()
    ]
    return [menu for menu in wanted if known.get(menu.language) != menu.digest]


def _chat_menu(catalogue: Catalogue, dialog: Dialog) -> Menu:
    person = dialog.person
    if person is None or person.role <= Role.PUBLIC:
        commands: tuple[tuple[str, str], ...] = ()
    else:
        commands = _commands(catalogue, person.role, person.language)
    return Menu(f"{CHAT_SCOPE}{dialog.telegram_dialog_id}", "", commands)


def _commands(catalogue: Catalogue, role: int, language: str) -> tuple[tuple[str, str], ...]:
    """Names and descriptions of what a role may use, at most as many as Telegram takes."""
    return tuple(
        (row.command, row.description(language)) for row in catalogue.visible_to(role)[:MAX_COMMANDS]
    )


def _dialogs(after: int, changed_since: datetime | None) -> QuerySet[Dialog]:
    """Private chats of people with a role, and of those who had one when their menu was set."""
    menu = CommandMenu.objects.filter(
        scope=Concat(Value(CHAT_SCOPE), OuterRef("telegram_dialog_id")), language=""
    )
    dialogs = (
        Dialog.objects.filter(
            type=Dialog.Type.PRIVATE, business_connection_id="", person__blocked_at__isnull=True, pk__gt=after
        )
        .annotate(shown=Subquery(menu.values("digest")))
        .filter(Q(person__role__gt=Role.PUBLIC) | Q(shown__isnull=False))
    )
    if changed_since is not None:
        dialogs = dialogs.filter(person__updated_at__gte=changed_since)
    return dialogs.select_related("person").order_by("pk")
