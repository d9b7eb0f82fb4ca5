"""Moving many features at once: a page asks where to and why, services do it one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminExpandableTextareaWidget, UnfoldAdminSelectWidget

from config.errors import DomainError
from projects import services
from projects.admin.editing import ServiceAdmin
from projects.models import Feature
from projects.statuses import FeatureStatus, needs_reason
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.service_admin import actor_of

# Each is moved and recorded by itself.
MOST_AT_ONCE = 200
# So many refusals are told in full.
_TOLD = 5


class WhereToForm(forms.Form):
    """Where the chosen features go, and why."""

    status = forms.ChoiceField(
        label=gettext_lazy("Move to"),
        choices=[("", gettext_lazy("Select value")), *((one.value, one.label) for one in FeatureStatus)],
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        widget=UnfoldAdminExpandableTextareaWidget,
        help_text=gettext_lazy("Blocked and dropped features need one."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where one is needed."""
        chosen, reason = self.cleaned_data.get("status"), self.cleaned_data.get("reason")
        if chosen and needs_reason(FeatureStatus(chosen)) and not reason:
            sentence = _("Please say why the features become: {status}.")
            self.add_error("reason", sentence.format(status=FeatureStatus(chosen).label))
        return self.cleaned_data


@dataclass
class Outcome:
    """What became of the moves.

    Attributes:
        refusals: why some features stayed where they are.
    """

    moved: int = 0
    refusals: list[str] = field(default_factory=list)


def move_all(features: Iterable[Feature], status: str, reason: str, actor: TelegramUser | None) -> Outcome:
    """Move each feature that may be moved there."""
    outcome = Outcome()
    for feature in features:
        try:
            outcome.moved += services.move_feature(feature, status, actor=actor, reason=reason)
        except DomainError as refusal:
            outcome.refusals.append(str(refusal))
    return outcome


class MovingAdmin(ServiceAdmin):
    """Features, with the action that moves them."""

    actions = ("move",)

    @admin.action(description=gettext_lazy("Move to another status"), permissions=["change"])
    def move(self, request: HttpRequest, queryset: QuerySet[Feature]) -> TemplateResponse | None:
        """Ask where to and why, then move what may be moved."""
        chosen = list(queryset[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            sentence = _("Please choose at most {count} features at once. Nothing was moved.")
            self.message_user(request, sentence.format(count=MOST_AT_ONCE), messages.ERROR)
            return None
        form = WhereToForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, chosen, form)
        status, reason = form.cleaned_data["status"], form.cleaned_data["reason"]
        self._tell(request, status, move_all(chosen, status, reason, actor_of(request)))
        return None

    def _ask(self, request: HttpRequest, chosen: list[Feature], form: WhereToForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Move to another status"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "features": chosen,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "projects/admin/move_features.html", context)

    def _tell(self, request: HttpRequest, status: str, outcome: Outcome) -> None:
        if outcome.moved:
            sentence = ngettext(
                "%(count)d feature is now: %(status)s.",
                "%(count)d features are now: %(status)s.",
                outcome.moved,
            )
            told = sentence % {"count": outcome.moved, "status": FeatureStatus(status).label}
            self.message_user(request, told, messages.SUCCESS)
        elif not outcome.refusals:
            self.message_user(request, _("They were there already. Nothing was moved."), messages.INFO)
        for refusal in outcome.refusals[:_TOLD]:
            self.message_user(request, refusal, messages.WARNING)
        if (others := len(outcome.refusals) - _TOLD) > 0:
            sentence = ngettext(
                "%(count)d more stayed where it is.", "%(count)d more stayed where they are.", others
            )
            self.message_user(request, sentence % {"count": others}, messages.WARNING)
