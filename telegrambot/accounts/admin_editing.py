"""Pages that write only what was edited on them: what others changed since a page was opened stays."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin


class SeenForm(forms.ModelForm):
    """Takes for edited what differs from what the page showed, whatever the row holds by now.

    The values of the row come back with the form, in hidden fields. The rules of the model are asked about
    the row as it will be: as it is now, with what was edited.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            # Only what the row holds and the page shows: a box for a new secret, or a hash, is neither.
            field.show_hidden_initial = name in self.initial and not field.disabled
            if issubclass(field.hidden_widget, forms.MultipleHiddenInput):
                field.hidden_widget = _SeenChoices

    def _post_clean(self) -> None:
        cleaned = self.cleaned_data
        self.cleaned_data = {name: cleaned[name] for name in self.changed_data if name in cleaned}
        super()._post_clean()  # type: ignore[misc]
        self.cleaned_data = cleaned


class _SeenChoices(forms.MultipleHiddenInput):
    """Comes back even if nothing was chosen: a form that is shown again still knows what it showed first."""

    def format_value(self, value: Any) -> Any:
        return super().format_value(value) or [""]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return [value for value in super().value_from_datadict(data, files, name) if value]


class _KeySelect(AutocompleteSelect):
    """Chooses nothing where what came with the form is no key: such a row cannot even be looked for."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if self._is_key(key)], attr)

    def _is_key(self, value: str) -> bool:
        try:
            self.field.target_field.to_python(value)
        except ValidationError:
            return False
        return True


class EditingAdmin(ModelAdmin):
    """Saves what was edited, and leads away from a row that is gone."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = _KeySelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        if not change:
            return form

        class EditedForm(SeenForm, form):  # type: ignore[valid-type, misc]
            pass

        return EditedForm

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except self.model.DoesNotExist:
            # It was deleted while it was being saved; all is rolled back.
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        if change:
            self.save_columns(obj, form)
        else:
            super().save_model(request, obj, form, change)

    def save_columns(self, obj: Model, form: forms.ModelForm, *, besides: Set[str] = frozenset()) -> None:
        """Save what was edited; the rest of the row may have moved on.

        Args:
            besides: what was edited too, and saved by a service.

        Raises:
            ObjectDoesNotExist: the row is gone.
        """
        own = {field.name for field in obj._meta.concrete_fields}
        if columns := own.intersection(form.changed_data) - besides:
            type(obj)._base_manager.select_for_update(no_key=True).only("pk").get(pk=obj.pk)
            obj.save(update_fields=columns)
