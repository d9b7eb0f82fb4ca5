"""How texts are compared and cut: what is shown is true, and never takes long."""

from __future__ import annotations

import random
import time

import pytest

from audit import text_diff
from audit.text_diff import Piece, compare, excerpts


def numbered(letter, count, between=" "):
    return between.join(f"{letter}{number}" for number in range(count))


def shuffled(words, seed):
    return " ".join(random.Random(seed).sample(words * 20, 240))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (numbered("a", 245), numbered("b", 245)),
        (numbered("a", 160, ", "), numbered("b", 160, ", ")),
        (numbered("a", 120, " and "), numbered("b", 120, " and ")),
        ("!" * 480 + "a", "?!" * 240 + "b"),
        ("y! " * 160, "!y " * 160),
        (numbered("a", 490, "\n\n"), numbered("b", 490, "\n\n")),
        (
            shuffled([f"w{number}" for number in range(30)], 1),
            shuffled([f"w{number}" for number in range(30)], 2),
        ),
    ],
)
def test_a_page_of_long_comparisons_takes_no_second(before, after):
    began = time.thread_time()
    pieces = compare(before, after)

    assert time.thread_time() - began < 0.04
    assert "".join(piece.text for piece in pieces if piece.mark != "ins") == before
    assert "".join(piece.text for piece in pieces if piece.mark != "del") == after


def test_what_is_frequent_is_still_the_same_beside_what_is():
    before, after = (f"{'and on ' * 10}the quick fox {'and on ' * 10}{end}" for end in ("went", "ran"))

    assert compare(before, after) == [
        Piece("same", before.removesuffix("went")),
        Piece("del", "went"),
        Piece("ins", "ran"),
    ]


def test_short_texts_are_not_cut():
    assert excerpts("x" * 100, "", 100) == ("x" * 100, "")


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("same " * 5000 + "old end", "same " * 5000 + "new end", ("old end", "new end")),
        ("old" + " same" * 5000, "new" + " same" * 5000, ("old", "new")),
        ("a" * 5000 + "old" + "z" * 5000, "a" * 5000 + "new" + "z" * 5000, ("aoldz", "anewz")),
        ("z" * 5000, "new" * 100 + "z" * 5000, ("z", "newz")),
        ("a" * 5000, "a" * 9000, ("a", "a")),
    ],
)
def test_a_change_anywhere_in_a_long_text_is_shown(before, after, shown):
    old, new = excerpts(before, after, 1000)

    for text, expected in zip((old, new), shown, strict=True):
        assert expected in text
        assert "…" in text
        assert len(text) <= 1000
    assert old != new


def test_of_what_differs_too_much_the_beginning_is_shown():
    assert excerpts("x" * 5000, "–", 1000) == ("x" * 999 + "…", "–")


def test_megabytes_are_cut_at_once():
    began = time.thread_time()
    old, new = excerpts("x" * 5_000_000 + "a", "x" * 5_000_000 + "b", 1000)

    assert time.thread_time() - began < 0.5
    around = text_diff._AROUND
    assert (old, new) == (f"…{'x' * around}a", f"…{'x' * around}b")
