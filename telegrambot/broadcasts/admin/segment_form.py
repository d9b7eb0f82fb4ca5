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


class SegmentForm(forms.ModelForm):
    """A name, and the people whom all conditions are true of."""

    class Meta:
        model = Segment
        fields = ("name", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.conditions.items()
        self.initial.update({f"{PREFIX}{name}": value for name, value in stored})

    @property
    def conditions(self) -> dict[str, Any]:
        """The conditions as they are stored; what was left empty is none."""
        values = {
            name.removeprefix(PREFIX): value.isoformat() if isinstance(value, date) else value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX)
        }
        return {name: value for name, value in values.items() if value not in (None, "", [])}


@cache
def segment_form() -> type[SegmentForm]:
    """The form with the conditions there are; apps have registered theirs when they started."""
    fields = {f"{PREFIX}{condition.name}": _field(condition) for condition in audience.conditions()}
    return type("SegmentForm", (SegmentForm,), fields)


def condition_names() -> tuple[str, ...]:
    """The names of the fields, in the order of the page."""
    return tuple(f"{PREFIX}{condition.name}" for condition in audience.conditions())


def _field(condition: audience.Condition) -> forms.Field:
    field = condition.field()
    field.required, field.label = False, capfirst(str(condition.label))
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
