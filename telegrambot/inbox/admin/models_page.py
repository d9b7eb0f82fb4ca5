"""Which model drafts: everybody's choice and one's own, the versions of the instructions, a box to try it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from audit.history import HistoryAdmin
from config.admin_readonly import ReadOnlyAdmin
from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.service_admin import actor_of, role_of
from telegrambot.inbox.admin.models_form import ModelForm, described
from telegrambot.inbox.desk import choices, trials
from telegrambot.inbox.drafting.endpoints import PRESETS
from telegrambot.inbox.models import SystemPrompt, UserSelectedModel

EVERYBODY, OWN = "everybody", "own"
_VERSIONS = 20
_sensitive = sensitive_post_parameters("new_key")


@admin.register(UserSelectedModel)
class ModelsPage(HistoryAdmin, ReadOnlyAdmin):
    """One page in place of a list: there are two choices that concern whoever looks at it."""

    def get_urls(self) -> list[URLPattern]:
        """The page, and the box in which a model is tried."""
        view = self.admin_site.admin_view(_sensitive(require_POST(self.try_view)))
        return [path("try/", view, name="inbox_userselectedmodel_try"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a choice, or take another one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(_kept(request))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the choice on the one page; of somebody else's there is only the history."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if row.operator is not None and row.operator != actor_of(request):
            return redirect("admin:inbox_userselectedmodel_history", object_id)
        whose = EVERYBODY if row.operator is None else OWN
        return redirect(f"{reverse('admin:inbox_userselectedmodel_changelist')}?whose={whose}")

    def _page(self, request: HttpRequest) -> HttpResponse:
        whose = self._whose(request)
        operator = actor_of(request) if whose == OWN else None
        may_choose = self.may_choose(request, whose)
        form = self._form(request, operator)
        if request.method == "POST":
            if not may_choose:
                raise PermissionDenied
            if form.is_valid():
                try:
                    form.save(actor_of(request))
                except DomainError as refusal:
                    form.add_error(None, str(refusal))
                else:
                    self.message_user(request, _("Saved. The next draft is made with it."), messages.SUCCESS)
                    return HttpResponseRedirect(f"{request.path}?whose={whose}")
        versions = SystemPrompt.objects.filter(operator=operator).select_related("created_by")
        found = list(versions.order_by("-version")[: _VERSIONS + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Models"),
            "media": self.media,
            "whose": whose,
            "has_person": actor_of(request) is not None,
            "form": form,
            "may_choose": may_choose,
            "is_everybodys": whose == EVERYBODY,
            "everybodys": described(choices.row_of(None)),
            "has_own": form.row is not None,
            "versions": _with_earlier(found)[:_VERSIONS],
            "addresses": {name: preset.base_url for name, preset in PRESETS.items()},
            "try_url": f"{reverse('admin:inbox_userselectedmodel_try')}?whose={whose}",
        }
        return TemplateResponse(request, "inbox/desk_models.html", context)

    def try_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """Answer a question with what stands in the form; nothing of it is kept but what it cost.

        A JSON object a line: first the text so far, again and again, at last the answer or the problem.
        """
        whose = self._whose(request)
        if not self.may_choose(request, whose):
            raise PermissionDenied
        form = self._form(request, actor_of(request) if whose == OWN else None)
        if form.is_valid():
            lines = _tried(form, request.POST.get("question", ""), get_language())
        else:
            sentences = [str(error) for errors in form.errors.values() for error in errors]
            lines = iter([_line(problem=" ".join(dict.fromkeys(sentences)))])
        # Proxies that gather what passes through them leave this alone.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)

    def may_choose(self, request: HttpRequest, whose: str) -> bool:
        """Everybody's choice is the owners'; one's own is for whoever answers people."""
        if whose == EVERYBODY:
            return role_of(request) >= Role.OWNER
        return bool(request.user.has_perm("inbox.change_userselectedmodel"))

    def _whose(self, request: HttpRequest) -> str:
        person = actor_of(request)
        default = EVERYBODY if person is None or role_of(request) >= Role.OWNER else OWN
        chosen = request.GET.get("whose", default)
        return chosen if chosen == EVERYBODY or (chosen == OWN and person is not None) else default

    def _form(self, request: HttpRequest, operator: TelegramUser | None) -> ModelForm:
        data = request.POST if request.method == "POST" else None
        return ModelForm(data, operator=operator, is_owner=role_of(request) >= Role.OWNER)

    class Media:
        css = {"all": ["inbox/desk.css"]}
        js = ["inbox/desk_diff.js", "inbox/desk_models.js"]


def _kept(request: HttpRequest) -> HttpRequest:
    """The request, of which an error report does not tell the key."""
    request.sensitive_post_parameters = ["new_key"]  # type: ignore[attr-defined]
    return request


def _with_earlier(found: list[SystemPrompt]) -> list[tuple[SystemPrompt, str]]:
    """Each version with the wording before it."""
    earlier = [row.text for row in found[1:]] + [""]
    return list(zip(found, earlier, strict=False))


def _tried(form: ModelForm, question: str, language: str | None) -> Iterator[str]:
    """A trial, line by line. The response is read after the request's own language has ended."""
    with override(language):
        try:
            with closing(trials.run(form.choice(), question)) as steps:
                shown = ""
                while True:
                    text = next(steps)
                    if text != shown:
                        shown = text
                        yield _line(so_far=text)
        except StopIteration as done:
            trial: trials.Trial = done.value
            yield _line(text=trial.drafted.text, facts=_facts(trial))
        except DomainError as refusal:
            yield _line(problem=str(refusal))


def _line(**said: Any) -> str:
    return json.dumps(said, ensure_ascii=False) + "\n"


def _facts(trial: trials.Trial) -> list[str]:
    spent, drafted = trial.drafted.spent, trial.drafted
    sources = ", ".join(dict.fromkeys(excerpt.title for excerpt in drafted.excerpts))
    facts = [
        _("{seconds} s").format(seconds=number_format(trial.milliseconds / 1000, 1)),
        _("{read} tokens read, {written} written").format(
            read=number_format(spent.tokens_in), written=number_format(spent.tokens_out)
        ),
        _("cost not known")
        if spent.cost is None
        else _("US$ {cost}").format(cost=number_format(spent.cost, 6)),
        drafted.model,
    ]
    return [*facts, _("Made from: {sources}").format(sources=sources)] if sources else facts
