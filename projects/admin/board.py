"""A project's features as a board: a column for each state, cards to move between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django import forms
from django.utils.text import capfirst

from projects.models import Feature, FeatureQuerySet
from projects.statuses import NEEDS_REASON, FeatureStatus

# The last column of the board holds both.
CLOSED = (FeatureStatus.DONE, FeatureStatus.DROPPED)
# Cards of one state; the others are in the list.
CARDS = {one: 5 if one in CLOSED else 15 for one in FeatureStatus}


class MoveForm(forms.Form):
    """What a card sends."""

    feature = forms.IntegerField()
    seen_revision = forms.IntegerField()
    status = forms.ChoiceField(choices=FeatureStatus)
    reason = forms.CharField(required=False)


@dataclass(frozen=True)
class Attempt:
    """A move that was refused, to be shown again on its card.

    Attributes:
        status: where to.
        reason: what the person typed.
        error: why not.
    """

    status: str
    reason: str
    error: str


@dataclass(frozen=True)
class Move:
    """Somewhere a card can go."""

    status: str
    label: str
    needs_reason: bool
    is_chosen: bool = False


@dataclass
class BoardCard:
    """A feature on the board."""

    feature: Feature
    attempt: Attempt | None = None

    @property
    def moves(self) -> list[Move]:
        """Where it can go."""
        chosen = self.attempt.status if self.attempt else ""
        return [
            Move(status.value, str(status.label), status in NEEDS_REASON, status == chosen)
            for status in self.feature.allowed_moves
        ]


@dataclass
class Lane:
    """The features in one state.

    Attributes:
        total: how many there are; `cards` are the ones changed last.
    """

    status: str
    label: str
    total: int
    cards: list[BoardCard] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.total - len(self.cards)


def columns(features: FeatureQuerySet, attempts: Mapping[int, Attempt]) -> list[list[Lane]]:
    """The board, column by column, each with its lanes. Two queries, whatever the size.

    Args:
        features: those of one project.
        attempts: refused moves by the feature's key.
    """
    counts = features.counts_by_status()
    lanes = {one: Lane(one, capfirst(str(one.label)), counts[one]) for one in FeatureStatus}
    for feature in _newest(features, [one for one in FeatureStatus if counts[one]]):
        card = BoardCard(feature, attempts.get(feature.pk))
        lanes[FeatureStatus(feature.status)].cards.append(card)
    open_lanes = [[lane] for status, lane in lanes.items() if status not in CLOSED]
    return [*open_lanes, [lanes[status] for status in CLOSED]]


def _newest(features: FeatureQuerySet, statuses: Sequence[FeatureStatus]) -> FeatureQuerySet:
    # Some of each state: a state with ten thousand features leaves room for the others.
    newest = features.order_by("-updated_at", "-pk").values("pk")
    each = [newest.filter(status=one)[: CARDS[one]] for one in statuses]
    if not each:
        return features.none()
    chosen = each[0].union(*each[1:], all=True) if each[1:] else each[0]
    return Feature.objects.filter(pk__in=chosen).select_related("release").order_by("-updated_at", "-pk")
