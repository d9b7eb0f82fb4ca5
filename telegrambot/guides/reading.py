"""What readers find: categories, guides in them, the next one, their collection, the results of a search."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import Case, Count, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Greatest, Left
from django.utils.html import escape

from telegrambot.accounts.models import TelegramUser
from telegrambot.guides.exceptions import NothingToSearch
from telegrambot.guides.models import Guide, GuideCategory, SavedGuide
from telegrambot.guides.search_vector import search_queries

MAX_WORDS = 200
# Private letters mark what was found until the text around it is escaped.
_FOUND, _END = "\ue000", "\ue001"
_MARKUP = re.compile(r"\]\([^)\s]*\)?|[*_`#>\[\]~|]+")
_SPACE = re.compile(r"\s+")
_LOOSE = re.compile(r"\s+(?=[.,;:!?)](?:\s|$))")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category, and how many guides a reader finds in it."""

    category: GuideCategory
    count: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A guide that was found, and where: Telegram HTML with the words in bold."""

    guide: Guide
    excerpt: str


def shelves(person: TelegramUser) -> list[Shelf]:
    """The categories in which there is something for `person`."""
    readable = Q(guides__is_active=True, guides__minimum_role__lte=person.role)
    found = GuideCategory.objects.annotate(number=Count("guides", filter=readable)).filter(number__gt=0)
    return [Shelf(category, category.number) for category in found.order_by("position", "pk")]


def guides_in(
    category: GuideCategory, person: TelegramUser, difficulty: int | None = None
) -> QuerySet[Guide]:
    """The guides of a category that `person` may read, of one difficulty or of all."""
    guides = Guide.objects.open_to(person).filter(category=category).in_reading_order()
    return guides if difficulty is None else guides.filter(difficulty_level=difficulty)


def next_guide(guide: Guide, person: TelegramUser) -> Guide | None:
    """The guide that comes after `guide` in its category."""
    after = (
        Q(difficulty_level__gt=guide.difficulty_level)
        | Q(difficulty_level=guide.difficulty_level, created_at__gt=guide.created_at)
        | Q(difficulty_level=guide.difficulty_level, created_at=guide.created_at, pk__gt=guide.pk)
    )
    others = Guide.objects.open_to(person).filter(category=guide.category_id).filter(after)
    return others.in_reading_order().only("title").first()


def collection(person: TelegramUser) -> QuerySet[SavedGuide]:
    """What `person` saved and may still read: unread first, newest first."""
    saved = SavedGuide.objects.filter(
        user=person, guide__is_active=True, guide__minimum_role__lte=person.role
    )
    return saved.select_related("guide").order_by("is_read", "-saved_at", "-pk")


def search(words: str, person: TelegramUser, *, limit: int) -> tuple[list[Hit], int]:
    """Find guides by words, in Russian and in English at once; the best first.

    Args:
        words: as typed; quotes keep words together, a minus excludes one.
        limit: how many hits are wanted.

    Returns:
        The best hits, and how many there are altogether.

    Raises:
        NothingToSearch: there are no words.
    """
    words = words.replace("\x00", "").strip()[:MAX_WORDS]
    if not re.search(r"\w", words):
        raise NothingToSearch
    russian, english = search_queries(words)
    found = Guide.objects.open_to(person).matching(words)
    text = Concat("description", Value("\n"), Left("body", 20_000), output_field=TextField())

    def headline(query: SearchQuery, config: str) -> SearchHeadline:
        return SearchHeadline(
            text, query, config=config, start_sel=_FOUND, stop_sel=_END, max_words=20, min_words=8
        )

    best = found.annotate(
        rank=Greatest(SearchRank(F("search_russian"), russian), SearchRank(F("search_english"), english)),
    ).order_by("-rank", "-views_count", "pk")[:limit]
    keys = [guide.pk for guide in best]
    # Headlines are costly, so they are made for what is shown only.
    headlines = dict(
        Guide.objects.filter(pk__in=keys).values_list(
            "pk",
            Case(
                When(search_russian=russian, then=headline(russian, "russian")),
                default=headline(english, "english"),
            ),
        )
    )
    return [Hit(guide, _excerpt(headlines[guide.pk])) for guide in best], found.count()


def plain(markdown: str) -> str:
    """The words of a piece of Markdown, on one line."""
    return _LOOSE.sub("", _SPACE.sub(" ", _MARKUP.sub(" ", markdown))).strip()


def _excerpt(headline: str) -> str:
    return escape(plain(headline)).replace(_FOUND, "<b>").replace(_END, "</b>")
