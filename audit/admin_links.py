"""From what events name to pages of the admin, as far as whoever is signed in may open them."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from audit import directory
from audit.sentences import Told
from audit.titles import Row, model_of

# The filters of the log, by their names in the address.
WHO, KIND, THING = "who", "kind", "thing"


def log(**filters: str) -> str:
    """The address of the log, filtered."""
    return f"{reverse('admin:audit_eventlog_changelist')}?{urlencode(filters)}"


def log_of(row: Model, request: HttpRequest) -> str:
    """The address of what the log knows of a row; empty for who may not see the whole log."""
    if not request.user.has_perm("audit.view_eventlog"):
        return ""
    return log(**{KIND: row._meta.label_lower, THING: str(row.pk)})


def page_of(row: Row | None, request: HttpRequest) -> str:
    """The address of a row's page; empty when there is none for this reader."""
    model = model_of(row[0]) if row else None
    if row is None or model is None or not row[1] or not admin.site.is_registered(model):
        return ""
    meta = model._meta
    if not request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
        return ""
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(row[1])])


def who(told: Told, request: HttpRequest) -> SafeString | str:
    """The actor's name, linked to the person or the account."""
    row = directory.row_of(told.event.user_id) if told.is_actor_known else None
    return _linked(told.who, page_of(row, request))


def thing(told: Told, request: HttpRequest) -> SafeString | str:
    """What the event is about, linked while it is there."""
    event = told.event
    address = "" if told.verb == "deleted" else page_of((event.entity_type, event.entity_id), request)
    return _linked(capfirst(told.thing), address)


def _linked(text: str, address: str) -> SafeString | str:
    return format_html('<a class="sb-link" href="{}">{}</a>', address, text) if address else text
