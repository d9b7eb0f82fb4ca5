"""Guides as rows of files, out and in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from import_export import fields, resources, widgets

from telegrambot.accounts.roles import Role
from telegrambot.guides.models import Difficulty, Guide, GuideCategory

_FLAGS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "да", "истина"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "нет", "ложь"), False),
}


class ChoiceWidget(widgets.Widget):
    """A choice by its name (`beginner`), in any case; numbers are taken too."""

    def __init__(self, choices: type[Difficulty] | type[Role]) -> None:
        super().__init__()
        self._choices = choices

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        """Read a cell.

        Raises:
            ValueError: a sentence that names the choices.
        """
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        found = {choice.name.lower(): choice.value for choice in self._choices}
        found |= {str(choice.value): choice.value for choice in self._choices}
        try:
            return int(found[text.lower()])
        except KeyError:
            names = ", ".join(choice.name.lower() for choice in self._choices)
            raise ValueError(_("“{value}” is none of {names}.").format(value=text, names=names)) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else self._choices(value).name.lower()


class IdWidget(widgets.Widget):
    """A guide's id; empty for a new one."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> UUID | None:
        """Read a cell.

        Raises:
            ValueError: a sentence that says what to do.
        """
        text = str(value or "").strip()
        try:
            return UUID(text) if text else None
        except ValueError:
            raise ValueError(
                _("“{value}” is no id. Leave it empty for a new guide.").format(value=text[:60])
            ) from None


class CategoryWidget(widgets.ForeignKeyWidget):
    """A category by its short name, in any case."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> GuideCategory | None:
        """Read a cell.

        Raises:
            ValueError: a sentence that names the categories.
        """
        slug = str(value or "").strip()
        called_so = GuideCategory.objects.filter(slug__iexact=slug)
        # Two may differ in the case of their letters alone.
        found = called_so.filter(slug=slug).first() or called_so.first()
        if found is None:
            known = ", ".join(GuideCategory.objects.values_list("slug", flat=True))
            raise ValueError(
                _("There is no category “{value}”. There are: {names}.").format(value=slug, names=known)
            )
        return found


class TagsWidget(widgets.SimpleArrayWidget):
    """Tags with commas between them; JSON may have them as a list."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        parts = value if isinstance(value, list) else str(value or "").split(",")
        return [tag for tag in (str(part).strip() for part in parts) if tag]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(value or [])


class FlagWidget(widgets.BooleanWidget):
    """Yes or no, as people and spreadsheets write it in English or Russian."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | None:
        """Read a cell.

        Raises:
            ValueError: a sentence that says what to write.
        """
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        try:
            return _FLAGS[text.lower()]
        except KeyError:
            raise ValueError(_("“{value}” is neither yes (1) nor no (0).").format(value=text[:60])) from None


class GuideResource(resources.ModelResource):
    """One row for each guide. A row with an id changes that guide, one without makes a new one."""

    id = fields.Field(attribute="id", widget=IdWidget(), saves_null_values=False)
    category = fields.Field(attribute="category", widget=CategoryWidget(GuideCategory, "slug"))
    tags = fields.Field(attribute="tags", widget=TagsWidget())
    difficulty_level = fields.Field(
        attribute="difficulty_level", widget=ChoiceWidget(Difficulty), saves_null_values=False
    )
    minimum_role = fields.Field(attribute="minimum_role", widget=ChoiceWidget(Role), saves_null_values=False)
    is_active = fields.Field(attribute="is_active", widget=FlagWidget(), saves_null_values=False)
    views_count = fields.Field(attribute="views_count", readonly=True)

    class Meta:
        model = Guide
        import_id_fields = ("id",)
        fields = (
            "id",
            "title",
            "description",
            "body",
            "content_url",
            "category",
            "tags",
            "difficulty_level",
            "minimum_role",
            "is_active",
            "views_count",
        )
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        use_transactions = True
