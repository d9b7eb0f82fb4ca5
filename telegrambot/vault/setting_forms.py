"""The form of the settings page: a field of the right type for each setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.errors import DomainError
from telegrambot.vault.catalogue import Setting
from telegrambot.vault.cipher import Secret

# A default longer than this, or with several lines, is edited in a larger box.
_ONE_LINE = 50


class SecretField(forms.CharField):
    """Takes a new secret and never shows the present one; left empty it changes nothing."""

    def __init__(self) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        super().__init__(required=False, widget=widget)

    def to_python(self, value: Any) -> Secret:
        return Secret(super().to_python(value))

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What stands in the box when the form comes back: nothing."""
        return ""


class TextField(forms.CharField):
    """A text, in which a new line is one character."""

    def to_python(self, value: Any) -> str:
        return "\n".join(str(super().to_python(value)).splitlines())


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(super().to_python(value)).splitlines()
        return [line.strip() for line in lines if line.strip()]


class SettingsForm(forms.Form):
    """Offers settings for change; what was not edited here is not saved over what others did meanwhile.

    Args:
        offered: the settings.
        values: what the ordinary ones are now.
    """

    def __init__(self, offered: list[Setting], values: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data, initial=dict(values))
        self._offered = {setting.key: setting for setting in offered}
        for setting in offered:
            field = _field(setting)
            # What the page showed comes back with it, and tells what was edited.
            field.show_hidden_initial = not setting.is_sensitive
            field.widget.attrs["aria-describedby"] = f"about-{setting.key}"
            self.fields[setting.key] = field

    def clean(self) -> dict[str, Any]:
        """Ask the catalogue about each edited value."""
        for key in self.changed_data:
            if key in self.cleaned_data:
                try:
                    self._offered[key].checked(self.cleaned_data[key])
                except DomainError as refusal:
                    self.add_error(key, ValidationError(str(refusal)))
        return self.cleaned_data

    @property
    def edited(self) -> dict[str, Any]:
        """The values that were edited, by key."""
        return {key: self.cleaned_data[key] for key in self.changed_data}


def _field(setting: Setting) -> forms.Field:
    if setting.is_sensitive:
        return SecretField()
    if setting.kind is bool:
        return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget())
    if setting.kind is int:
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(attrs=_bounds(setting)))
    if setting.kind is float:
        attrs = {"step": "any", **_bounds(setting)}
        return forms.FloatField(widget=UnfoldAdminIntegerFieldWidget(attrs=attrs))
    if setting.kind is str:
        default = str(setting.default)
        is_long = len(default) > _ONE_LINE or "\n" in default
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3}) if is_long else UnfoldAdminTextInputWidget()
        return TextField(required=False, widget=widget)
    return LinesField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}))


def _bounds(setting: Setting) -> dict[str, float]:
    bounds = {"min": setting.minimum, "max": setting.maximum}
    return {name: bound for name, bound in bounds.items() if bound is not None}
