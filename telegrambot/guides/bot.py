"""Guides in chat: browse, read, search, keep."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from telegrambot.engine.chat import (
    MAX_LABEL,
    Button,
    ChatRequest,
    Photo,
    Reply,
    Upload,
    button,
    command,
    deep_link,
    escape,
    page,
    phrase,
)
from telegrambot.engine.splitting import MAX_TEXT, split
from telegrambot.guides import reading, services
from telegrambot.guides.exceptions import GuideNotFound
from telegrambot.guides.markdown import to_telegram_html
from telegrambot.guides.models import Difficulty, Guide, GuideCategory, GuideCover, SavedGuide

MARKS = {Difficulty.BEGINNER: "🟢", Difficulty.INTERMEDIATE: "🟡", Difficulty.ADVANCED: "🔴"}
ANY = -1  # every difficulty

# `beside_photo` tells a view that the pressed button hangs below a photo: a text cannot take a photo's place,
# so the next screen is a message of its own. The guide may have lost or got its photo since.


@phrase(r"guides|гайды")
@command("guides", description=gettext_lazy("Guides: browse and search"))
def guides(request: ChatRequest) -> Reply:
    """Show the categories; `/guides words` searches."""
    return _results(request, request.rest) if request.rest else _categories(request)


@phrase(r"(?:(?:find|search)\s+guides?|(?:найди|найти)\s+гайды?)\s+(?P<words>.+)", command="guides")
def find_guides(request: ChatRequest, words: str) -> Reply:
    """Search, said in words."""
    return _results(request, words)


@button(command="guides")
def show_categories(request: ChatRequest, beside_photo: int = 0) -> Reply:
    """The categories, from a button."""
    return _categories(request, is_new=bool(beside_photo))


@button(command="guides")
def show_category(
    request: ChatRequest, category_id: int, difficulty: int = ANY, number: int = 0, beside_photo: int = 0
) -> Reply:
    """One page of a category's guides."""
    category = GuideCategory.objects.filter(pk=category_id).first()
    if category is None:
        raise GuideNotFound
    wanted = difficulty if difficulty in Difficulty.values else ANY
    found = reading.guides_in(category, request.person, None if wanted == ANY else wanted)
    items: Sequence[Guide]
    items, arrows = page(found.only("title", "difficulty_level"), number, show_category, category_id, wanted)
    levels = [Button(_chosen(_("all"), wanted == ANY), show_category, category_id)]
    levels += [
        Button(
            _chosen(f"{MARKS[level]} {level.label}", wanted == level), show_category, category_id, level.value
        )
        for level in Difficulty
    ]
    rows = [[Button(_label(guide), show_guide, guide.pk)] for guide in items]
    back = [Button(_("‹ Categories"), show_categories)]
    if items:
        hint = _("Choose a guide.")
    elif wanted == ANY:
        hint = _("There is nothing here any more. Please choose another category.")
    else:
        hint = _("There is nothing of this difficulty yet. Try another one.")
    text = f"<b>{escape(category.name(request.language))}</b>\n\n{hint}"
    return Reply(text, [levels[:2], levels[2:], *rows, arrows, back], new=bool(beside_photo))


@button(command="guides")
def show_guide(request: ChatRequest, guide_id: UUID, beside_photo: int = 0) -> Reply:
    """Open a guide."""
    return _opened(request, guide_id, is_new=bool(beside_photo))


@deep_link("guide_")
def open_linked(request: ChatRequest, value: str) -> Reply:
    """Follow a link to a guide."""
    try:
        guide_id = UUID(value)
    except ValueError:
        raise GuideNotFound from None
    return _opened(request, guide_id, is_new=True)


@button(command="guides")
def save(request: ChatRequest, guide_id: UUID, is_kept: int, beside_photo: int = 0) -> Reply:
    """Put a guide into the collection, or take it out."""
    if is_kept:
        services.save_guide(guide_id, actor=request.person)
        toast = _("Saved. /saved shows your collection.")
    else:
        services.remove_guide(guide_id, actor=request.person)
        toast = _("Taken out of your collection.")
    return _again(request, guide_id, beside_photo, toast)


@button(command="guides")
def mark_read(request: ChatRequest, guide_id: UUID, is_read: int, beside_photo: int = 0) -> Reply:
    """Mark a saved guide as read, or as unread."""
    services.mark_read(guide_id, bool(is_read), actor=request.person)
    toast = _("Marked as read.") if is_read else _("Marked as unread.")
    return _again(request, guide_id, beside_photo, toast)


@phrase(r"saved|сохран[её]нное|мои\s+гайды|my\s+guides")
@command("saved", description=gettext_lazy("Your saved guides"))
def saved(request: ChatRequest) -> Reply:
    """The reader's collection."""
    return _collection(request, 0)


@button(command="saved")
def show_saved(request: ChatRequest, number: int = 0, beside_photo: int = 0) -> Reply:
    """A page of the collection."""
    return _collection(request, number, is_new=bool(beside_photo))


# ── Screens ───────────────────────────────────────────────────────────────────────────────────────────────


def _categories(request: ChatRequest, *, is_new: bool = False) -> Reply:
    found = reading.shelves(request.person)
    if not found:
        return Reply(_("There are no guides yet. Please look in again later."), new=is_new)
    buttons = []
    for shelf in found:
        label = f"{shelf.category.name(request.language)} · {shelf.count}"[:MAX_LABEL]
        buttons.append(Button(label, show_category, shelf.category.pk))
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    text = f"<b>{_('Guides')}</b>\n\n" + _("Choose a category, or search: /guides risk management")
    return Reply(text, [*rows, [Button(_("⭐ Saved"), show_saved)]], new=is_new)


def _results(request: ChatRequest, words: str) -> Reply:
    hits, total = reading.search(words, request.person, limit=8)
    back = [Button(_("‹ Categories"), show_categories)]
    if not hits:
        text = _("Nothing was found for “{words}”. Try fewer or other words.").format(
            words=escape(words[:100])
        )
        return Reply(text, [back])
    title = ngettext("{count} guide found", "{count} guides found", total).format(count=total)
    if total > len(hits):
        title += " · " + _("the best {count} are shown").format(count=len(hits))
    entries = [f"<b>{title}</b>"]
    entries += [
        f"{number}. <b>{escape(hit.guide.title)}</b>\n{hit.excerpt}".strip()
        for number, hit in enumerate(hits, start=1)
    ]
    rows = [
        [Button(f"{number}. {hit.guide.title}"[:MAX_LABEL], show_guide, hit.guide.pk)]
        for number, hit in enumerate(hits, start=1)
    ]
    return Reply("\n\n".join(entries), [*rows, back])


def _opened(request: ChatRequest, guide_id: UUID, *, is_new: bool) -> Reply:
    guide = services.open_guide(guide_id, actor=request.person)
    cover = GuideCover.objects.filter(guide=guide).first() if guide.has_cover else None
    media = Photo(Upload(cover.name, bytes(cover.content), cover.outgoing_file)) if cover else ()
    buttons = _actions(request, guide, int(guide.has_cover))
    return Reply(_text(guide, request.language), buttons, media=media, new=is_new)


def _again(request: ChatRequest, guide_id: UUID, beside_photo: int, toast: str) -> Reply:
    """The same guide with other buttons: they hang below the last part of its text."""
    guide = Guide.objects.open_to(request.person).for_reading(request.person).filter(pk=guide_id).first()
    if guide is None:
        return Reply(toast=toast)
    last = split(_text(guide, request.language), MAX_TEXT)[-1]
    return Reply(last, _actions(request, guide, beside_photo), toast=toast)


def _text(guide: Guide, language: str) -> str:
    level = Difficulty(guide.difficulty_level)
    about = f"{MARKS[level]} {level.label} · {escape(guide.category.name(language))}"
    parts = [f"<b>{escape(guide.title)}</b>\n<i>{about}</i>"]
    if guide.description:
        parts.append(escape(guide.description))
    if guide.body:
        parts.append(to_telegram_html(guide.body))
    return "\n\n".join(parts)


def _actions(request: ChatRequest, guide: Guide, beside_photo: int) -> list[list[Button]]:
    rows: list[list[Button]] = []
    if guide.content_url:
        rows.append([Button(_("🔗 Open"), url=guide.content_url)])
    keep_label = _("Remove from saved") if guide.is_saved else _("⭐ Save")
    keep = [Button(keep_label, save, guide.pk, int(not guide.is_saved), beside_photo)]
    if guide.is_saved:
        read_label = _("Mark unread") if guide.is_read else _("✓ Mark read")
        keep.append(Button(read_label, mark_read, guide.pk, int(not guide.is_read), beside_photo))
    rows.append(keep)
    way = [Button(_("‹ Back"), show_category, guide.category_id, ANY, 0, beside_photo)]
    if following := reading.next_guide(guide, request.person):
        way.append(Button(_("Next ›"), show_guide, following.pk, beside_photo))
    return [*rows, way]


def _collection(request: ChatRequest, number: int, *, is_new: bool = False) -> Reply:
    items: Sequence[SavedGuide]
    items, arrows = page(reading.collection(request.person), number, show_saved)
    back = [Button(_("‹ Categories"), show_categories)]
    if not items:
        text = _("You have not saved any guides yet. Open one and press “Save”.")
        return Reply(text, [back], new=is_new)
    rows = [
        [Button(f"{'✓' if item.is_read else '●'} {item.guide.title}"[:MAX_LABEL], show_guide, item.guide_id)]
        for item in items
    ]
    text = f"<b>{_('Your saved guides')}</b>\n\n" + _("● is unread, ✓ is read.")
    return Reply(text, [*rows, arrows, back], new=is_new)


def _label(guide: Guide) -> str:
    return f"{MARKS[Difficulty(guide.difficulty_level)]} {guide.title}"[:MAX_LABEL]


def _chosen(label: str, is_chosen: bool) -> str:
    return f"✓ {label}" if is_chosen else label
