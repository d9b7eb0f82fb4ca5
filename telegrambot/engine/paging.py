"""Lists in a chat: pages of at most eight buttons, with ‹ › below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import QuerySet

from telegrambot.engine.replies import Button

T = TypeVar("T")

PAGE = 8


def page(
    items: Sequence[T] | QuerySet[Any], number: int, view: Callable[..., Any], *args: object
) -> tuple[Sequence[T], list[Button]]:
    """Cut out one page, and make the row of arrows that leads to its neighbours.

    Args:
        items: all items, or a query set (two queries, whatever its size).
        number: the page, from 0; one that does not exist becomes the nearest that does.
        view: the button view that shows a page; it gets `*args` and then the number.

    Returns:
        The items on the page, and the row of buttons (empty when everything fits).
    """
    total = items.count() if isinstance(items, QuerySet) else len(items)
    last = max(0, (total - 1) // PAGE)
    number = min(max(0, number), last)
    arrows = []
    if number > 0:
        arrows.append(Button("‹", view, *args, number - 1))
    if number < last:
        arrows.append(Button("›", view, *args, number + 1))
    return list(items[number * PAGE : (number + 1) * PAGE]), arrows
