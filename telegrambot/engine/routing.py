"""Which view answers an update: the registry that `bot.py` modules fill, and the order in one place."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.utils.functional import Promise
from telegram import Update
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from telegrambot.accounts.catalogue import DeclaredCommand, sync_commands
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog
from telegrambot.engine.replies import arguments

View = Callable[..., Any]
F = TypeVar("F", bound=View)
L = TypeVar("L", bound="Callable[[Overheard], None]")

_IN_PRIVATE = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE
_IN_GROUPS_TOO = filters.UpdateType.MESSAGE & (filters.ChatType.PRIVATE | filters.ChatType.GROUPS)
# What Telegram itself says in a chat (a pinned message, a new title) is nothing anybody said; the same as in
# contents.py, where it gets its type.
_BY_TELEGRAM = (
    filters.StatusUpdate.ALL | filters.BOOST_ADDED | filters.GIVEAWAY_WINNERS | filters.SUCCESSFUL_PAYMENT
)
_SAID = filters.TEXT | ~_BY_TELEGRAM
_SAID_IN_PRIVATE = _IN_PRIVATE & _SAID
# Others than commands are heard in groups, and between a business account and its customers, too.
_SAID_ANYWHERE = (filters.UpdateType.MESSAGE | filters.UpdateType.BUSINESS_MESSAGE) & _SAID
_CONVERTERS: dict[type, Callable[[str], Any]] = {str: str, int: int, UUID: UUID}


@dataclass(frozen=True, slots=True)
class Route:
    """A chat view and what has to be true before it runs.

    Attributes:
        name: `<app>.<function>`, unique.
        role: the least role the program demands.
        command: the command whose row in the catalogue decides role and activity; empty if none.
        yields: whether phrases are looked for before what the chat is in the middle of.
        needs_text: whether what was said has to have words in it.
        converters: how to read the arguments of a button.
    """

    name: str
    view: View
    handler: BaseHandler[Any, Any, Any] | None = None
    role: Role = Role.PUBLIC
    command: str = ""
    description: Promise | str = ""
    is_secret: bool = False
    yields: bool = False
    needs_text: bool = False
    converters: tuple[Callable[[str], Any], ...] = ()
    required: int = 0


@dataclass(frozen=True, slots=True)
class Overheard:
    """What happened in a chat that is no new message to the bot: an edit, a deletion, a channel's post.

    Attributes:
        kind: edited_message, channel_post, edited_channel_post, edited_business_message,
            deleted_business_messages or business_connection.
        dialog: where; for a business connection, the owner's own chat with the bot.
        person: who; None for channels and deletions.
        body: what the Bot API says of it.
        update_key: our key of the update.
    """

    kind: str
    dialog: Dialog
    person: TelegramUser | None
    body: Mapping[str, Any]
    update_key: int


@dataclass(frozen=True, slots=True)
class Match:
    """A route, and the arguments its view gets besides the request."""

    route: Route
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    rest: str = ""


class Stale(Exception):
    """A button whose data no view understands."""


class Registry:
    """Every chat view of the program, in the order in which they are asked."""

    def __init__(self) -> None:
        self.commands: dict[str, Route] = {}
        self.buttons: dict[str, Route] = {}
        self.answers: dict[str, Route] = {}
        self.phrases: list[Route] = []
        self.replies: dict[str, Route] = {}
        self.deep_links: dict[str, Route] = {}
        self.unknown: list[Route] = []
        self.fallbacks: list[Route] = []
        self.last_resorts: list[Route] = []
        self.frames: dict[str, View] = {}
        self.listeners: list[Callable[[Overheard], None]] = []

    # ── What bot.py modules call (through engine.chat) ────────────────────────────────────────────────────

    def command(
        self, name: str, *, description: Promise | str, role: Role = Role.PUBLIC, groups: bool = False
    ) -> Callable[[F], F]:
        """Register a view for `/name`. Its catalogue row may demand a higher role or switch it off."""

        def register(view: F) -> F:
            handler = CommandHandler(name, view, filters=_IN_GROUPS_TOO if groups else _IN_PRIVATE)
            self._add(self.commands, name, Route(_name(view), view, handler, role, name, description))
            return view

        return register

    def button(self, *, role: Role = Role.PUBLIC, command: str = "") -> Callable[[F], F]:
        """Register a view for `Button(label, view, *args)`; with `command`, its row decides who may."""

        def register(view: F) -> F:
            name = _name(view)
            handler = CallbackQueryHandler(view, pattern=rf"^{re.escape(name)}(?::|$)")
            converters, required = _converters(view)
            route = Route(name, view, handler, role, command, converters=converters, required=required)
            self._add(self.buttons, name, route)
            view.button_name = name  # type: ignore[attr-defined]
            return view

        return register

    def answer(
        self, *, role: Role = Role.PUBLIC, command: str = "", yields: bool = False, takes_files: bool = False
    ) -> Callable[[F], F]:
        """Register a view for the text that `Reply(ask=view)` asked for.

        One that `yields` gets only what is no phrase: for questions that a person may just as well ignore. A
        sticker, a voice message or a photo without a caption reaches only one that `takes_files`; for others
        it would be an empty text.
        """

        def register(view: F) -> F:
            handler = MessageHandler(_SAID_IN_PRIVATE, view)
            route = Route(
                _name(view), view, handler, role, command, yields=yields, needs_text=not takes_files
            )
            self._add(self.answers, _name(view), route)
            view.answer_name = _name(view)  # type: ignore[attr-defined]
            return view

        return register

    def phrase(self, pattern: str, *, role: Role = Role.PUBLIC, command: str = "") -> Callable[[F], F]:
        """Register a view for what people say in words: a regular expression for the whole text, any case.

        Named groups become keyword arguments of the view. From people who may not use it, it is a text like
        any other: everyday words should not be refused.
        """

        def register(view: F) -> F:
            # The filter searches; without the anchors "I need help" would be "help".
            whole = re.compile(rf"\A\s*(?:{pattern})\s*\Z", re.IGNORECASE)
            handler = MessageHandler(_IN_PRIVATE & filters.Regex(whole), view)
            self.phrases.append(Route(_name(view), view, handler, role, command, pattern))
            return view

        return register

    def reply_to(self, origin: str, *, role: Role = Role.PUBLIC, command: str = "") -> Callable[[F], F]:
        """Register a view for replies to what the bot said with an origin beginning so; it gets the rest.

        Whoever replies means that message: phrases, and what the chat is in the middle of, come after it.
        """

        def register(view: F) -> F:
            handler = MessageHandler(_SAID_IN_PRIVATE, view)
            self._add(self.replies, origin, Route(_name(view), view, handler, role, command))
            return view

        return register

    def deep_link(self, prefix: str, *, role: Role = Role.PUBLIC, secret: bool = False) -> Callable[[F], F]:
        """Register a view for `/start <prefix><value>`; it gets the value.

        What follows a `secret` prefix is replaced by its SHA-256 before anything is stored (see arrivals.py).
        """

        def register(view: F) -> F:
            self._add(self.deep_links, prefix, Route(_name(view), view, None, role, is_secret=secret))
            return view

        return register

    def unknown_command(self, view: F) -> F:
        """Register the view for commands that do not exist."""
        self.unknown.append(Route(_name(view), view, MessageHandler(_IN_PRIVATE & filters.COMMAND, view)))
        return view

    def fallback(self, view: F) -> F:
        """Register a view for messages that nobody else wanted; the first registered gets them.

        Also those in groups, and in the chats of a business account: look at `request.dialog` before you
        answer. There is no command, button, phrase or question for these chats.
        """
        self.fallbacks.append(Route(_name(view), view, MessageHandler(_SAID_ANYWHERE, view)))
        return view

    def last_resort(self, view: F) -> F:
        """Register the view for what is said in private when there is no fallback at all."""
        self.last_resorts.append(Route(_name(view), view, MessageHandler(_SAID_IN_PRIVATE, view)))
        return view

    def overheard(self, listener: L) -> L:
        """Register who is told of what is no new message to the bot (see `Overheard`); nobody answers it."""
        self.listeners.append(listener)
        return listener

    def frame(self, view: F) -> F:
        """Register what every answer of the app passes through before it is said, domain errors too.

        It gets the request and the reply, and returns the reply to say (see `dataclasses.replace`).
        """
        app = _app(_name(view))
        if self.frames.setdefault(app, view) is not view:
            raise ValueError(f"{app!r} has two frames.")
        return view

    # ── What dispatch calls ───────────────────────────────────────────────────────────────────────────────

    def match(
        self,
        update: Update,
        state: Mapping[str, Any],
        may: Callable[[Route], bool] = lambda route: True,
        quoted: str = "",
    ) -> Match | None:
        """Find the view: commands, buttons, replies, what the chat is in the middle of, phrases, the rest.

        Args:
            update: what arrived.
            state: what the chat is in the middle of.
            may: whether this person may use a route; phrases that they may not use are not looked for.
            quoted: what made the bot's message that this one replies to; empty for none.

        Raises:
            Stale: a pressed button that no view understands.
        """
        if update.callback_query is not None:
            return self._match_button(update)
        if (named := self.commands.get(_command_name(update))) and _check(named, update):
            return Match(named, rest=_after_command(update))
        if quoted and (reply := self._match_reply(update, quoted, may)):
            return reply
        asked = [self.answers[name]] if (name := state.get("answer")) in self.answers else []
        for route in [*self.unknown, *(route for route in asked if not route.yields)]:
            if _check(route, update):
                return Match(route)
        for route in self.phrases:
            if may(route) and (found := _check(route, update)):
                return Match(route, kwargs=found["matches"][0].groupdict())
        for route in [*asked, *self.fallbacks, *self.last_resorts]:
            if _check(route, update):
                return Match(route)
        return None

    def deep_link_for(self, parameter: str) -> Match | None:
        """Find the view for what follows `/start`."""
        for prefix, route in self.deep_links.items():
            if parameter.startswith(prefix):
                return Match(route, (parameter[len(prefix) :],))
        return None

    def frame_of(self, route: Route) -> View | None:
        """What the answers of the route's app pass through."""
        return self.frames.get(_app(route.name))

    def secret_prefixes(self) -> Iterator[str]:
        """The deep links whose value must not be stored."""
        return (prefix for prefix, route in self.deep_links.items() if route.is_secret)

    def _match_reply(self, update: Update, quoted: str, may: Callable[[Route], bool]) -> Match | None:
        for origin, route in self.replies.items():
            if quoted.startswith(origin) and may(route) and _check(route, update):
                return Match(route, (quoted[len(origin) :],))
        return None

    def _match_button(self, update: Update) -> Match:
        data = str(update.callback_query.data)  # type: ignore[union-attr]
        route = self.buttons.get(data.partition(":")[0])
        if route is None or not _check(route, update):
            raise Stale
        parts = arguments(data)
        if not route.required <= len(parts) <= len(route.converters):
            raise Stale
        try:
            return Match(
                route, tuple(read(part) for read, part in zip(route.converters, parts, strict=False))
            )
        except ValueError:
            raise Stale from None

    def _add(self, table: dict[str, Route], key: str, route: Route) -> None:
        if key in table and table[key].view is not route.view:
            raise ValueError(f"{key!r} is registered twice: {table[key].name} and {route.name}")
        table[key] = route


registry = Registry()


def declare_commands() -> None:
    """Make the catalogue's rows follow the commands of the program."""
    sync_commands(
        DeclaredCommand(name, route.role, route.description) for name, route in registry.commands.items()
    )


def _app(name: str) -> str:
    return name.partition(".")[0]


def _check(route: Route, update: Update) -> Any:
    return route.handler.check_update(update) if route.handler is not None else None


def _name(view: View) -> str:
    # telegrambot.guides.bot.open_guide → guides.open_guide, also when bot.py became a package.
    package = view.__module__.split(".bot")[0]
    return f"{package.rsplit('.', 1)[-1]}.{view.__name__}"


def _converters(view: View) -> tuple[tuple[Callable[[str], Any], ...], int]:
    parameters = list(inspect.signature(view).parameters.values())[1:]
    hints = typing.get_type_hints(view)
    try:
        converters = tuple(_CONVERTERS[hints[parameter.name]] for parameter in parameters)
    except KeyError as error:
        raise TypeError(f"{view.__name__}: arguments of a button are str, int or UUID, not {error}") from None
    return converters, sum(parameter.default is parameter.empty for parameter in parameters)


def _command_name(update: Update) -> str:
    """What looks like the name of a command; its handler decides whether it is one."""
    text = (update.message.text if update.message else "") or ""
    return text.split(maxsplit=1)[0][1:].partition("@")[0].lower() if text.startswith("/") else ""


def _after_command(update: Update) -> str:
    _, *rest = (update.message.text or "").split(maxsplit=1)  # type: ignore[union-attr]
    return rest[0].strip() if rest else ""
