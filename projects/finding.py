"""Find a project, a feature or a release by what people call it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from projects.exceptions import (
    FeatureNotFound,
    NameAmbiguous,
    NothingFound,
    ProjectNotFound,
    ReleaseNotFound,
)
from projects.models import Feature, Project, Release
from projects.statuses import ProjectStatus

T = TypeVar("T", Project, Feature, Release)

# Besides the exact name, only the names touched last are compared.
MOST_NAMES = 500
MOST_CANDIDATES = 8
MOST_SUGGESTIONS = 4
LIKENESS = 0.5
LONGEST_NAME = 200

_QUOTES = {"«": "»", "“": "”", "„": "“”", '"': '"', "'": "'", "‘": "’", "`": "`"}
_SEPARATORS = re.compile(r"[\s_/-]+")
_INTO = re.compile(r"\s+(?:to|в)\s+", re.IGNORECASE)
_NUMBER = re.compile(r"v?\.?\s*\d", re.IGNORECASE)
_VERSION_WORD = re.compile(r"(?:v|version|версия)[\s.]*(?=[0-9])")


def find_project(text: str) -> Project:
    """Return the project meant by `text`; an archived one only when no other fits (one query).

    Raises:
        ProjectNotFound, NameAmbiguous: none fits, or several do equally well.
    """
    return _find(Project.objects.all(), "name", text, matches, ProjectNotFound)


def find_feature(project: Project, text: str) -> Feature:
    """Return the feature of `project` meant by `text`, with its project and release (one query).

    Raises:
        FeatureNotFound, NameAmbiguous: none fits, or several do equally well.
    """
    return _find(Feature.objects.of(project).with_release(), "name", text, matches, FeatureNotFound)


def find_release(project: Project, text: str) -> Release:
    """Return the release of `project` meant by `text`, with its project (one query).

    A version with a number in it has to be told in full: 1.2 is neither 1.20 nor 1.2.1.

    Raises:
        ReleaseNotFound, NameAmbiguous: none fits, or several do equally well.
    """
    rows = Release.objects.of(project).select_related("project")
    return _find(rows, "version", text, _matching_versions, ReleaseNotFound)


def named(rows: QuerySet[T], column: str, text: str) -> T | None:
    """The row of exactly that name, in whatever case (one query).

    Args:
        rows: where to look.
        column: the one that holds the name.
        text: the name, perhaps in quotation marks.
    """
    return rows.alias(folded=Lower(column)).filter(folded=Lower(Value(_plain(text)))).first()


def find_version(project: Project, text: str) -> Release | None:
    """The release of exactly that version, with or without its “v” (one query)."""
    rows = Release.objects.of(project).select_related("project")
    alike = [release for release in rows if _version(release.version) == _version(text)]
    return min(alike, key=lambda release: release.version.lower() != _plain(text).lower(), default=None)


def is_numbered(text: str) -> bool:
    """Whether `text` begins with a number, with or without a “v”: then it is a version, whatever follows."""
    return _NUMBER.match(unquoted(text)) is not None


def split_renaming(rows: QuerySet[Any], both: str) -> tuple[str, str]:
    """Split “A to B” into A and B; when there are several ways, the longest A that exists (one query).

    Args:
        rows: the things that can be renamed, by `name`.
        both: with “to” or “в” in the middle.
    """
    cuts = [(both[: cut.start()], both[cut.end() :]) for cut in _INTO.finditer(both)]
    names = [_plain(name).lower() for name, _new in cuts]
    folded = rows.annotate(folded=Lower("name")).filter(folded__in=names)
    known = set(folded.values_list("folded", flat=True))
    existing = [cut for cut, name in zip(cuts, names, strict=True) if name in known]
    return existing[-1] if existing else cuts[0]


def unquoted(text: str) -> str:
    """`text` without blanks and quotation marks around it."""
    text = text.strip()
    while len(text) > 1 and text[-1] in _QUOTES.get(text[0], ""):
        text = text[1:-1].strip()
    return text


def matches(names: Mapping[int, str], wanted: str) -> list[int]:
    """The keys of the names that fit `wanted` best.

    The name itself, in whatever case, is best; then one that begins so, then one that contains it, then one
    that was mistyped, perhaps its first words only. Numbers and short words are never taken for others.
    """
    folded, sought = {key: _folded(name) for key, name in names.items()}, _folded(wanted)
    if not sought:
        return []
    tiers: tuple[Callable[[str], bool], ...] = (
        lambda name: name == sought,
        lambda name: _occurs(sought, name) == 0,
        lambda name: _occurs(sought, name) is not None,
    )
    for fits in tiers:
        if found := [key for key, name in folded.items() if fits(name)]:
            return found
    return _mistyped(folded, sought)


def closest(names: Mapping[int, str], wanted: str) -> list[int]:
    """The keys of the names that look most like `wanted`, best first."""
    by_name: dict[str, int] = {}
    for key, name in names.items():
        by_name.setdefault(_folded(name), key)
    alike = difflib.get_close_matches(_folded(wanted), by_name, n=MOST_SUGGESTIONS, cutoff=LIKENESS)
    return [by_name[name] for name in alike]


def _find(
    rows: QuerySet[T],
    column: str,
    text: str,
    pick: Callable[[Mapping[int, str], str], list[int]],
    missing: type[NothingFound],
) -> T:
    wanted = _plain(text)
    is_exact = Exact(Lower(column), Lower(Value(wanted)))
    rows = rows.annotate(place=Case(When(is_exact, then=Value(0)), default=Value(1)))
    compared: list[Any] = list(rows.order_by("place", "-updated_at", "-pk")[:MOST_NAMES])
    exact = [row.pk for row in compared if row.place == 0]
    known: dict[int, T] = {row.pk: row for row in compared}
    names = {key: str(row) for key, row in known.items()}
    visible = {key: name for key, name in names.items() if known[key].status != ProjectStatus.ARCHIVED}
    found = (exact or pick(visible, wanted) or pick(names, wanted))[:MOST_CANDIDATES]
    if len(found) == 1:
        return known[found[0]]
    if found:
        raise NameAmbiguous(text=wanted, candidates=[known[key] for key in found])
    raise missing(text=wanted, closest=[known[key] for key in closest(names, wanted)])


def _plain(text: str) -> str:
    return " ".join(unquoted(text).split())[: LONGEST_NAME + 1]


def _matching_versions(names: Mapping[int, str], wanted: str) -> list[int]:
    if any(letter.isdigit() for letter in wanted):
        return [key for key, name in names.items() if _version(name) == _version(wanted)]
    return matches(names, wanted)


def _version(text: str) -> str:
    return _VERSION_WORD.sub("", _folded(_plain(text)))


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    return _SEPARATORS.sub(" ", plain).strip()


def _occurs(sought: str, name: str) -> int | None:
    """Where `sought` is in `name`, from the beginning of a word, and without cutting a number in two."""
    before = r"(?<!\d)" if sought[0].isdigit() else r"(?<!\w)" if sought[0].isalpha() else ""
    after = r"(?!\d)" if sought[-1].isdigit() else ""
    found = re.search(before + re.escape(sought) + after, name)
    return found.start() if found else None


# ── Typing errors ─────────────────────────────────────────────────────────────────────────────────────────


def _mistyped(folded: Mapping[int, str], sought: str) -> list[int]:
    errors = {key: _errors(name.split(), sought.split()) for key, name in folded.items()}
    found = {key: count for key, count in errors.items() if count is not None}
    least = min(found.values(), default=0)
    return [key for key, count in found.items() if count == least]


def _errors(name: Sequence[str], sought: Sequence[str]) -> int | None:
    """How many typing errors make `sought` of the name, or of its first words; None: it is another name."""
    if len(sought) > len(name):
        return None
    count = 0
    for one, other in zip(sought, name, strict=False):
        # Short words and numbers are what they are, and nobody types “subscribe” for “unsubscribe”.
        may_err = one[0] == other[0] and _numbers(one) == _numbers(other)
        most = min(2, len(one) // 4, len(other) // 4) if may_err else 0
        if (errors := distance(one, other, most)) > most:
            return None
        count += errors
    return count


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def distance(one: str, other: str, most: int) -> int:
    """How many letters were left out, added, changed or swapped with their neighbour; `most + 1` if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, target in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
