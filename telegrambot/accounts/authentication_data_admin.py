"""Credentials of other services in the browser: written here, never shown again. For owners alone."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from unfold.widgets import UnfoldAdminTextareaWidget

from config.errors import DomainError
from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import AuthenticationData, CredentialKind
from telegrambot.accounts.service_admin import ServiceModelAdmin, actor_of
from telegrambot.vault.cipher import Secret


class CredentialsField(forms.CharField):
    """Takes a JSON object; what was entered is never written back into the page."""

    def __init__(self, *, required: bool) -> None:
        super().__init__(
            label=_("Credentials"),
            required=required,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
            help_text=_('A JSON object, such as {"api_key": "…"}. What is stored is never shown.')
            if required
            else _("What is stored is never shown. Leave empty to keep it, or enter another JSON object."),
        )

    @sensitive_variables()
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ValidationError(_("This is not JSON. Please check quotes and commas.")) from None
        if not isinstance(found, dict):
            raise ValidationError(_("Please enter a JSON object: names and values in curly brackets."))
        return Secret(text)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What stands in the box when the form comes back: nothing."""
        return ""


class AuthenticationDataForm(forms.ModelForm):
    """The row, and a box for new credentials."""

    class Meta:
        model = AuthenticationData
        fields = ["kind", "name", "user", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credentials"] = CredentialsField(required=self.instance.pk is None)


@admin.register(AuthenticationData)
class AuthenticationDataAdmin(ServiceModelAdmin):
    """Rows are loaded without their credentials, so that what cannot be decrypted does no harm here."""

    form = AuthenticationDataForm
    list_display = ("name", "kind", "user", "is_active", "updated_at")
    list_filter = ("kind", "is_active")
    list_select_related = ("user",)
    search_fields = ("name__istartswith",)
    show_full_result_count = False
    autocomplete_fields = ("user",)
    fields = ("kind", "name", "user", "is_active", "credentials")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("accounts.add_authenticationdata"))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm("accounts.delete_authenticationdata"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuthenticationData]:
        """Rows without their credentials."""
        return super().get_queryset(request).defer("encrypted_credentials")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Admin asks the model for every field; the box is none of its."""
        return self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """What credentials are for does not change."""
        return ("kind",) if obj is not None else ()

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """Keep what was entered out of error reports."""
        request.sensitive_post_parameters = ["credentials"]  # type: ignore[attr-defined]
        names = [
            name
            for name in self.fields
            if name not in ("credentials", *self.get_readonly_fields(request, obj))
        ]
        return super().get_form(request, obj, change, **kwargs | {"fields": names})

    @sensitive_variables()
    def save_model(
        self, request: HttpRequest, obj: AuthenticationData, form: forms.ModelForm, change: bool
    ) -> None:
        """Store or change them through the service."""
        actor, text = actor_of(request), form.cleaned_data["credentials"]
        if not change:
            stored = authentication_data.store(
                CredentialKind(obj.kind),
                obj.name,
                json.loads(text),
                user=obj.user,
                is_active=obj.is_active,
                actor=actor,
            )
            obj.pk = stored.pk
            return
        edited = {name: form.cleaned_data[name] for name in form.changed_data if name != "credentials"}
        if edited:
            authentication_data.describe(obj.pk, actor=actor, **edited)
        if text:
            authentication_data.replace(obj.pk, json.loads(text), actor=actor)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so when the service refuses."""
        try:
            return super().delete_view(request, *args, **kwargs)
        except DomainError as refusal:
            return self._refused(request, refusal)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[AuthenticationData]
    ) -> HttpResponse | None:
        """Say so when the service refuses."""
        try:
            return super().response_action(request, queryset)
        except DomainError as refusal:
            return self._refused(request, refusal)

    def delete_model(self, request: HttpRequest, obj: AuthenticationData) -> None:
        authentication_data.remove(obj.pk, actor=actor_of(request))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthenticationData]) -> None:
        for pk in queryset.values_list("pk", flat=True):
            authentication_data.remove(pk, actor=actor_of(request))

    def _refused(self, request: HttpRequest, refusal: DomainError) -> HttpResponse:
        self.message_user(request, str(refusal), messages.ERROR)
        return redirect("admin:accounts_authenticationdata_changelist")
