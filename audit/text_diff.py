"""How two texts differ, word by word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

# Comparing takes up to the product of both lengths; longer texts are compared by lines, or not at all.
_MOST_COMPARISONS = 250_000
# What is more frequent tells nothing of a text, and each of its places would be tried with each.
_MOST_PLACES = 8
# So much of what both texts have in common is left around what differs.
_AROUND = 100

Mark = Literal["same", "ins", "del"]


@dataclass(frozen=True)
class Piece:
    """A part of two texts that are compared.

    Attributes:
        mark: "same" in both, "del" only before, "ins" only after.
    """

    mark: Mark
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """Both texts in one, with what went and what came: by words, or by lines when they are very long."""
    for split in (_words, _lines):
        parts = _parts(split(before), split(after))
        if parts is not None:
            return _joined(parts)
    return _joined([("del", [before]), ("ins", [after])])


def excerpts(before: str, after: str, longest: int) -> tuple[str, str]:
    """Of two texts that are too long what differs, without most of what both begin and end with.

    Args:
        before, after: the texts.
        longest: how many characters either may have.
    """
    if max(len(before), len(after)) <= longest:
        return before, after
    both = min(len(before), len(after))
    start = _reach(both, lambda i, j: before[i:j] == after[i:j])
    end = _reach(
        both - start,
        lambda i, j: before[len(before) - j : len(before) - i] == after[len(after) - j : len(after) - i],
    )
    start, end = max(0, start - _AROUND), max(0, end - _AROUND)
    return _cut(before, start, end, longest), _cut(after, start, end, longest)


def _reach(most: int, is_alike: Callable[[int, int], bool]) -> int:
    """How far two texts are alike: up to `most`, asked for stretches that get shorter."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if is_alike(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _cut(text: str, start: int, end: int, longest: int) -> str:
    kept = ("…" if start else "") + text[start : len(text) - end]
    return kept if not end and len(kept) <= longest else f"{kept[: longest - 1]}…"


def _parts(old: Sequence[str], new: Sequence[str]) -> list[tuple[Mark, Sequence[str]]] | None:
    start = _equal(old, new)
    end = _equal(old[start:][::-1], new[start:][::-1])
    changed_old, changed_new = old[start : len(old) - end], new[start : len(new) - end]
    if len(changed_old) * len(changed_new) > _MOST_COMPARISONS:
        return None
    differences = _differences(changed_old, changed_new)
    return [("same", old[:start]), *differences, ("same", old[len(old) - end :])]


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    """How many parts both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(old), len(new)))


def _differences(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Mark, Sequence[str]]]:
    places = Counter(new)

    def tells_nothing(part: str) -> bool:
        return part.isspace() or places[part] > _MOST_PLACES

    for operation, i, j, k, m in SequenceMatcher(tells_nothing, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            yield "same", old[i:j]
        else:
            yield "del", old[i:j]
            yield "ins", new[k:m]


def _joined(parts: Sequence[tuple[Mark, Sequence[str]]]) -> list[Piece]:
    filled = [(mark, "".join(texts)) for mark, texts in parts if texts]
    return [
        Piece(mark, "".join(text for _mark, text in group))
        for mark, group in groupby(filled, key=lambda part: part[0])
    ]


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
