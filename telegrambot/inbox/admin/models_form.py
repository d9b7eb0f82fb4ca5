"""The form in which a model is chosen: who runs it, where, with which key, instructions and temperature."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import AuthenticationData, CredentialKind, TelegramUser
from telegrambot.inbox.desk import choices
from telegrambot.inbox.desk.choices import MAX_INSTRUCTIONS, Choice
from telegrambot.inbox.drafting.endpoints import PRESETS, Endpoint
from telegrambot.inbox.models import Provider, SystemPrompt, UserSelectedModel


class _KeyInput(UnfoldAdminTextInputWidget):
    """Hides what is typed and never writes it back into the page."""

    input_type = "password"

    def format_value(self, value: Any) -> None:
        """Nothing."""


class ModelForm(forms.Form):
    """A model choice.

    Args:
        operator: whose; None: everybody's.
        is_owner: whether keys may be entered, and stored ones be sent to any address.
    """

    provider = forms.ChoiceField(label=_("Provider"), choices=Provider, widget=UnfoldAdminSelectWidget)
    model_name = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As the provider calls it."),
    )
    base_url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Empty: the provider's own. Such as http://localhost:11434/v1."),
    )
    credentials_name = forms.ChoiceField(
        label=_("Key"), required=False, widget=UnfoldAdminSelectWidget, help_text=_("One of those stored.")
    )
    new_key = forms.CharField(
        label=_("New key"),
        required=False,
        max_length=500,
        widget=_KeyInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Stored encrypted and never shown again."),
    )
    temperature = forms.DecimalField(
        label=_("Temperature"),
        min_value=Decimal(0),
        max_value=Decimal(2),
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.05"}),
        help_text=_("0: always the same; 2: full of fancy."),
    )
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        max_length=MAX_INSTRUCTIONS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
        help_text=_("Tone, facts, what to promise and what not. The program's own rules come before them."),
    )

    def __init__(self, *args: Any, operator: TelegramUser | None, is_owner: bool, **kwargs: Any) -> None:
        self.operator, self.is_owner = operator, is_owner
        self.row = choices.row_of(operator)
        super().__init__(*args, **{"initial": _initial(self.row)} | kwargs)
        stored = AuthenticationData.objects.filter(kind=CredentialKind.MODEL_PROVIDER, is_active=True)
        names = list(stored.order_by("name").values_list("name", flat=True))
        field: Any = self.fields["credentials_name"]
        field.choices = [("", _("none")), *((name, name) for name in names)]
        if not is_owner:
            del self.fields["new_key"]

    def clean(self) -> dict[str, Any]:
        """Who does not know a key does not send it anywhere else either."""
        found = super().clean() or self.cleaned_data
        if found.get("credentials_name") and found.get("base_url") and not self.is_owner:
            sentence = _(
                "A stored key goes to the provider's own address only. Please ask an owner to change that."
            )
            self.add_error("base_url", sentence)
        if found.get("provider") == Provider.OTHER and not found.get("base_url"):
            self.add_error("base_url", _("Please enter the address of the server."))
        if found.get("provider") != Provider.BUILT_IN and not found.get("model_name", "").strip():
            self.add_error("model_name", _("Please name the model, as the provider calls it."))
        return found

    @sensitive_variables()
    @transaction.atomic
    def save(self, actor: TelegramUser | None) -> UserSelectedModel:
        """Choose it; a new key is stored under the provider's name.

        Raises:
            DomainError: the services' refusals.
        """
        found = self.cleaned_data
        name = found["credentials_name"]
        if found.get("new_key"):
            name = name or self._key_name(found["provider"])
            _store(name, found["new_key"], actor)
        return choices.choose(
            self.operator,
            provider=found["provider"],
            model_name=found["model_name"],
            base_url=found["base_url"],
            credentials_name=name,
            instructions=found["instructions"],
            temperature=found["temperature"],
            actor=actor,
        )

    @sensitive_variables()
    def choice(self) -> Choice:
        """What stands in the form, ready to be tried, saved or not.

        Raises:
            NoCredentials, UnreadableSecret: the key cannot be used.
        """
        found = self.cleaned_data
        key = found.get("new_key", "")
        if not key and found["credentials_name"]:
            known = authentication_data.credentials(CredentialKind.MODEL_PROVIDER, found["credentials_name"])
            key = str(known.get("api_key", ""))
        prompt = self.row.prompt if self.row else None
        if prompt is None or prompt.text != found["instructions"].strip():
            prompt = SystemPrompt(text=found["instructions"])
        is_built_in = found["provider"] == Provider.BUILT_IN
        endpoint = Endpoint(PRESETS[found["provider"]], "" if is_built_in else found["base_url"], key)
        model = "" if is_built_in else found["model_name"].strip()
        return Choice(endpoint, model, float(found["temperature"]), prompt, self.operator)

    def _key_name(self, provider: str) -> str:
        whose = f" ({self.operator})" if self.operator else ""
        return f"{Provider(provider).label}{whose}"[:100]


@sensitive_variables()
def _store(name: str, key: str, actor: TelegramUser | None) -> None:
    stored = AuthenticationData.objects.filter(kind=CredentialKind.MODEL_PROVIDER, name=name)
    found = stored.values_list("pk", flat=True).first()
    if found is None:
        authentication_data.store(CredentialKind.MODEL_PROVIDER, name, {"api_key": key}, actor=actor)
    else:
        authentication_data.replace(found, {"api_key": key}, actor=actor)


def _initial(row: UserSelectedModel | None) -> dict[str, Any]:
    if row is None:
        return {"provider": Provider.BUILT_IN, "temperature": Decimal("0.30")}
    return {
        "provider": row.provider,
        "model_name": row.model_name,
        "base_url": row.base_url,
        "credentials_name": row.credentials.name if row.credentials else "",
        "temperature": row.temperature,
        "instructions": row.prompt.text if row.prompt else "",
    }


def described(row: UserSelectedModel | None) -> str:
    """A choice in one line."""
    return str(row) if row is not None else gettext("Without a model: the guides' own words.")
