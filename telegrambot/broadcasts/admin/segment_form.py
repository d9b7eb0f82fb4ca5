"""The form of a segment: a field for each condition that an app has registered."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from django import forms
from django.utils.text import capfirst
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from telegrambot.accounts import audience
from telegrambot.broadcasts.models import Segment

PREFIX = "condition_"
TEXTS = ("name", "description")


class SegmentForm(forms.ModelForm):
    """A name, and the people whom all conditions are true of."""

    class Meta:
        model = Segment
        fields = TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.conditions
        self.initial.update({name: stored.get(name.removeprefix(PREFIX)) for name in condition_names()})

    @property
    def conditions(self) -> dict[str, Any]:
        """The conditions as they are stored; what was left empty is none."""
        values = {
            name.removeprefix(PREFIX): _stored(value)
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX)
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def edited_conditions(self) -> dict[str, Any]:
        """Those that were edited; None is one that was emptied."""
        names = {name.removeprefix(PREFIX) for name in self.changed_data if name.startswith(PREFIX)}
        return {name: self.conditions.get(name) for name in names}


@cache
def segment_form() -> type[SegmentForm]:
    """The form with the conditions there are; apps have registered theirs when they started."""
    fields = {f"{PREFIX}{condition.name}": _field(condition) for condition in audience.conditions()}
    return type("SegmentForm", (SegmentForm,), fields)


def condition_names() -> tuple[str, ...]:
    """The names of the fields, in the order of the page."""
    return tuple(f"{PREFIX}{condition.name}" for condition in audience.conditions())


def _stored(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return None if value in ("", []) else value


def _field(condition: audience.Condition) -> forms.Field:
    field = condition.field()
    # Still to be translated: the form is made once for the readers of all languages.
    label: Any = condition.label
    field.required, field.label = False, capfirst(label)
    widget = _widget(field)
    if isinstance(field, forms.ChoiceField):
        field.widget, field.choices = widget, field.choices
    else:
        field.widget = widget
    return field


def _widget(field: forms.Field) -> forms.Widget:
    if isinstance(field, forms.MultipleChoiceField):
        return UnfoldAdminCheckboxSelectMultipleWidget()
    if isinstance(field, forms.ChoiceField):
        return UnfoldAdminSelectWidget()
    if isinstance(field, forms.IntegerField):
        return UnfoldAdminIntegerFieldWidget(attrs={"min": 1})
    if isinstance(field, forms.DateField):
        return UnfoldAdminTextInputWidget(attrs={"type": "date"})
    return UnfoldAdminTextInputWidget()
