"""The home page's numbers as Chart.js, which Unfold ships, wants them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from telegrambot.engine.dashboard import Day, Hour

# Readable on both of Unfold's grounds.
_GREY = "#8b93a1"
_TICKS = {"color": _GREY, "precision": 0, "maxRotation": 0, "autoSkipPadding": 12}
OPTIONS = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "plugins": {"legend": {"display": False}},
        "datasets": {"bar": {"borderRadius": 3, "barPercentage": 0.9, "categoryPercentage": 0.8}},
        "scales": {
            "x": {"ticks": _TICKS, "grid": {"display": False}},
            "y": {"ticks": _TICKS, "beginAtZero": True, "grid": {"tickWidth": 0}, "border": {"width": 0}},
        },
    }
)


def messages(hours: Sequence[Hour]) -> str:
    """Two bars for each hour."""
    return _chart(
        [date_format(hour.begins, "TIME_FORMAT") for hour in hours],
        _bars(_("received"), [hour.received for hour in hours], "var(--color-primary-600)"),
        _bars(_("sent"), [hour.sent for hour in hours], "var(--color-primary-300)"),
    )


def people(days: Sequence[Day]) -> str:
    """A bar for each day."""
    labels = [date_format(day.day, "MONTH_DAY_FORMAT") for day in days]
    return _chart(labels, _bars(_("new people"), [day.people for day in days], "var(--color-primary-600)"))


def _chart(labels: list[str], *datasets: dict[str, Any]) -> str:
    return json.dumps({"labels": labels, "datasets": datasets})


def _bars(label: str, values: list[int], colour: str) -> dict[str, Any]:
    return {"label": label, "data": values, "backgroundColor": colour}
