"""A broadcast before it starts: its text, its buttons, whom it is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import preflight, services
from telegrambot.broadcasts.bot import lists, starting, texts
from telegrambot.broadcasts.exceptions import BadButtons
from telegrambot.broadcasts.markup import VARIABLES, fill
from telegrambot.broadcasts.models import Broadcast, Segment
from telegrambot.engine.chat import (
    MAX_LABEL,
    Button,
    ChatRequest,
    Reply,
    answer,
    button,
    command,
    escape,
    page,
)
from telegrambot.engine.html_markup import MarkupError, parse_html

MAX_TITLE = 60
NO_BUTTONS = "-"
# “Hello {first_name}, …” is listed as “Hello, …”.
_WHERE_A_NAME_WAS = re.compile(r"\s+(?=[\s,.!?:;])")


@command("broadcast", description=gettext_lazy("Write to many people"), role=Role.ADMIN)
def broadcast(request: ChatRequest) -> Reply:
    """Begin a broadcast; `/broadcast text` takes the text at once."""
    if request.rest:
        return _begun(request, texts.after_command(request))
    text = _(
        "Send me the text, formatted as you like; {variable} becomes the name of each recipient, or "
        "“friend” without one. You will see it before anybody gets it. /cancel leaves."
    ).format(variable="<code>{first_name|" + _("friend") + "}</code>")
    return Reply(text, ask=hear_text)


@answer(role=Role.ADMIN, command="broadcast")
def hear_text(request: ChatRequest) -> Reply:
    """Take the text of a new broadcast."""
    return _begun(request, texts.typed_html(request.text, request.html))


@button(role=Role.ADMIN, command="broadcast")
def ask_text(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Ask for another text."""
    found = services.find(broadcast_id)
    rows = [[Button(_("‹ Back"), lists.show, found.pk)]]
    text = _("Send me the new text of “{title}”.").format(title=escape(found.title))
    return Reply(text, rows, ask=hear_new_text, data={"id": str(found.pk)})


@answer(role=Role.ADMIN, command="broadcast")
def hear_new_text(request: ChatRequest) -> Reply:
    """Take another text."""
    found = services.find(UUID(request.data["id"]))
    with texts.spoken():
        text = texts.typed_html(request.text, request.html)
        services.change(found, actor=request.person, message_text=text)
    return lists.screen(found, request.person, toast=texts.left_out(request))


@button(role=Role.ADMIN, command="broadcast")
def ask_buttons(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Ask for the buttons below it."""
    found = services.find(broadcast_id)
    rows = [[Button(_("‹ Back"), lists.show, found.pk)]]
    text = _("Send me the buttons, one a line: a label, | and a link or a command. A single - means none.")
    example = "Read more | https://example.org\nGuides | /guides"
    return Reply(f"{text}\n\n<code>{example}</code>", rows, ask=hear_buttons, data={"id": str(found.pk)})


@answer(role=Role.ADMIN, command="broadcast")
def hear_buttons(request: ChatRequest) -> Reply:
    """Take the buttons."""
    found = services.find(UUID(request.data["id"]))
    typed = request.text.strip()
    rows = [] if typed == NO_BUTTONS else [[_button(line)] for line in typed.splitlines()]
    with texts.spoken():
        services.change(found, actor=request.person, buttons=rows)
    return lists.screen(found, request.person)


@button(role=Role.ADMIN, command="broadcast")
def choose(request: ChatRequest, broadcast_id: UUID, number: int = 0) -> Reply:
    """Offer whom it may be for."""
    return _audiences(services.find(broadcast_id), number)


@button(role=Role.ADMIN, command="broadcast")
def aim(request: ChatRequest, broadcast_id: UUID, audience: str) -> Reply:
    """Take an audience."""
    found = services.find(broadcast_id)
    with texts.spoken():
        services.change(found, actor=request.person, target_audience=audience, segment=None)
    return lists.screen(found, request.person)


@button(role=Role.ADMIN, command="broadcast")
def aim_at(request: ChatRequest, broadcast_id: UUID, segment_id: int) -> Reply:
    """Take a segment."""
    found, segment = services.find(broadcast_id), Segment.objects.filter(pk=segment_id).first()
    if segment is None:
        return Reply(toast=_("That segment is not there any more."))
    with texts.spoken():
        services.change(
            found, actor=request.person, target_audience=Broadcast.Audience.SEGMENT, segment=segment
        )
    return lists.screen(found, request.person)


@button(role=Role.ADMIN, command="broadcast")
def try_it(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Send the operator a copy."""
    with texts.spoken():
        services.send_to_me(services.find(broadcast_id), actor=request.person)
    return Reply(toast=_("Sent to you. It does not count."))


@button(role=Role.ADMIN, command="broadcast")
def ask_discard(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Ask before a draft is deleted."""
    found = services.find(broadcast_id)
    text = _("Discard “{title}”? Its text is lost.").format(title=escape(found.title))
    no = Button(_("No"), lists.show, found.pk)
    return Reply(text, [[Button(_("Yes, discard it"), discard, found.pk), no]])


@button(role=Role.ADMIN, command="broadcast")
def discard(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Delete a draft; the operator confirmed it."""
    found = services.find(broadcast_id)
    services.discard(found, actor=request.person)
    text = _("“{title}” is discarded.").format(title=escape(found.title))
    return Reply(text, [lists.back()], leaves=True)


# ── Screens ───────────────────────────────────────────────────────────────────────────────────────────────


def screen(found: Broadcast, reader: TelegramUser) -> Reply:
    """What it says, whom it reaches, and what can be done with it."""
    text = texts.before(found, preflight.check(found), reader)
    rows = [
        [Button(_("👥 For: {audience}").format(audience=texts.audience(found))[:30], choose, found.pk)],
        [Button(_("✏️ Change text"), ask_text, found.pk), Button(_("🔘 Buttons"), ask_buttons, found.pk)],
        [Button(_("👁 Send to me first"), try_it, found.pk)],
        *starting.rows(found),
        [Button(_("🗑 Discard"), ask_discard, found.pk), *lists.back()],
    ]
    return Reply(text, rows, leaves=True)


def _begun(request: ChatRequest, text: str) -> Reply:
    with texts.spoken():
        made = services.draft(_title(text), text, actor=request.person)
    reply = _audiences(made, 0)
    reply.toast = texts.left_out(request)
    return reply


def _audiences(found: Broadcast, number: int) -> Reply:
    plain = [
        Button(str(audience.label).capitalize(), aim, found.pk, audience.value)
        for audience in Broadcast.Audience
        if audience != Broadcast.Audience.SEGMENT
    ]
    segments: Sequence[Segment]
    segments, arrows = page(Segment.objects.only("name"), number, choose, found.pk)
    rows = [[Button(segment.name[:MAX_LABEL], aim_at, found.pk, segment.pk)] for segment in segments]
    text = _("Whom is “{title}” for?").format(title=escape(found.title))
    back = [Button(_("‹ Back"), lists.show, found.pk)]
    return Reply(text, [plain[:2], plain[2:], *rows, arrows, back], leaves=True)


def _title(text: str) -> str:
    """The first line, for the list: recipients do not see it."""
    try:
        first = parse_html(fill(text, dict.fromkeys(VARIABLES, ""))).text.strip().partition("\n")[0]
    except MarkupError:
        first = ""
    return _WHERE_A_NAME_WAS.sub("", first)[:MAX_TITLE].strip() or _("Broadcast")


def _button(line: str) -> dict[str, str]:
    label, found, target = (part.strip() for part in line.partition("|"))
    if not (label and found and target):
        raise BadButtons
    if target.startswith("/"):
        return {"text": label, "command": target[1:]}
    return {"text": label, "url" if "://" in target else "link": target}
