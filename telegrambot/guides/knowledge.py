"""What guides know, for whoever answers a question."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import Concat, Greatest, Left

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import knowledge
from telegrambot.engine.knowledge import Excerpt
from telegrambot.engine.models import BotIdentity
from telegrambot.guides.models import Guide
from telegrambot.guides.reading import plain

# That a guide happens to contain one word of a long question answers nothing. As ts_rank counts, one word of
# a dozen in the title, or two of five in the text, are about the least that does.
LEAST_RANK = 0.05
SEARCHED_CHARACTERS = 20_000


class AnyWord(SearchQuery):
    """Finds what contains any word of a question, where `SearchQuery` asks for all of them."""

    def as_sql(self, *args: Any, **options: Any) -> Any:
        """The words, joined by "or"; parts of a hyphenated word too."""
        sql, parameters = super().as_sql(*args, **options)
        return f"replace(replace(({sql})::text, '<->', '|'), '&', '|')::tsquery", parameters


def search(words: str, person: TelegramUser, limit: int) -> list[Excerpt]:
    """The guides that answer a question best, among those that `person` may read.

    Args:
        words: as the person wrote them: whole sentences, in Russian or in English.
    """
    russian, english = AnyWord(words, config="russian"), AnyWord(words, config="english")
    text = Concat("description", Value("\n"), Left("body", SEARCHED_CHARACTERS), output_field=TextField())

    def passages(query: SearchQuery, config: str) -> SearchHeadline:
        return SearchHeadline(
            text,
            query,
            config=config,
            start_sel="",
            stop_sel="",
            max_fragments=3,
            # "From nine to six" without its end would be wrong. (The stubs take the number for a text.)
            short_word=0,  # type: ignore[arg-type]
            min_words=20,
            max_words=60,
            fragment_delimiter=" … ",
        )

    found = (
        Guide.objects.open_to(person)
        .filter(Q(search_russian=russian) | Q(search_english=english))
        .annotate(
            rank=Greatest(SearchRank(F("search_russian"), russian), SearchRank(F("search_english"), english))
        )
        .filter(rank__gte=LEAST_RANK)
        .order_by("-rank", "-views_count", "pk")
    )
    best = list(found.only("title", "description", "content_url")[:limit])
    if not best:
        return []
    # Passages are costly, so they are made for the best only.
    texts = dict(
        Guide.objects.filter(pk__in=[guide.pk for guide in best]).values_list(
            "pk",
            Case(
                When(search_russian=russian, then=passages(russian, "russian")),
                default=passages(english, "english"),
            ),
        )
    )
    username = BotIdentity.objects.values_list("username", flat=True).first()
    return [_excerpt(guide, texts[guide.pk], username) for guide in best]


def _excerpt(guide: Guide, passages: str, username: str | None) -> Excerpt:
    # The passages may begin with the description: it is one of the texts they are chosen from.
    description, found = plain(guide.description), plain(passages)
    text = found if found.startswith(description) else f"{description}\n{found}"
    own_link = f"https://t.me/{username}?start=guide_{guide.pk}" if username else ""
    return Excerpt(guide.title, text, guide.content_url or own_link, f"guide:{guide.pk}")


knowledge.register(knowledge.KnowledgeSource("guides", search))
