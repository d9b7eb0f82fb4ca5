"""The engine's pages in the admin: who sees what, how fast, and what the actions do."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config import admin_pagination as pagination
from config.admin_pagination import EstimatedPaginator
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import BotIdentity, Dialog, InboundUpdate, Message, ProcessedMessage
from telegrambot.engine.tests.factories import (
    BOT_ID,
    DialogFactory,
    InboundUpdateFactory,
    MessageFactory,
    ProcessedMessageFactory,
)

pytestmark = pytest.mark.django_db

MODELS = {
    InboundUpdate: InboundUpdateFactory,
    Message: MessageFactory,
    Dialog: DialogFactory,
    ProcessedMessage: ProcessedMessageFactory,
}


@pytest.fixture
def sign_in(client):
    def _sign_in(role=Role.ADMIN):
        staff = UserFactory()
        TelegramUserFactory(role=role, staff=staff, username="operator", first_name="Olga", last_name="")
        client.force_login(staff)
        return client

    return _sign_in


def changelist(model, query=""):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + query


def page(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def listed(response):
    return {row.pk for row in response.context["cl"].result_list}


def press(client, model, action, rows, query="", **extra):
    """Choose rows in a list and press an action, as the form in the browser does."""
    data = {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in rows], "index": 0, "select_across": 0}
    return client.post(changelist(model, query), data | extra, follow=True)


def answer(client, question):
    """Press "yes" on the page that asks, with exactly what its form holds."""
    form = re.search(r"<form method=\"post\".*?</form>", question.content.decode(), re.DOTALL)[0]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form):
        name, value = (re.search(rf'{part}="([^"]*)"', tag)[1] for part in ("name", "value"))
        fields.setdefault(name, []).append(html.unescape(value))
    return client.post(
        question.request["PATH_INFO"] + "?" + question.request["QUERY_STRING"], fields, follow=True
    )


def sentences(response):
    """What was told, without the link that may follow it."""
    return [re.sub(r" <a .*", "", str(message)) for message in response.context["messages"]]


# ── Read-only ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_nobody_adds_changes_or_deletes(sign_in, model, role):
    client, row = sign_in(role), MODELS[model]()

    assert client.get(changelist(model)).status_code == 200
    shown = client.get(page(row))
    assert shown.status_code == 200
    assert 'name="_save"' not in shown.content.decode()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.get(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
    assert client.post(page(row), {"text": "forged", "status": "done"}).status_code == 403
    assert press(client, model, "delete_selected", [row]).status_code == 200
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_people_below_admin_see_nothing(sign_in, model, role):
    response = sign_in(role).get(changelist(model))

    assert response.status_code == 302
    assert "login" in response["Location"]


# ── Constant queries ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", ["", "?q=ann", "?q=12", "?status__exact=failed"])
@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_as_many_queries_with_thirty_rows_as_with_three(sign_in, model, query):
    if "status" in query and model in {Dialog, ProcessedMessage}:
        query = "?p=1"
    client = sign_in()
    MODELS[model].create_batch(3)
    client.get(changelist(model, query))  # content types and the like are remembered
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert client.get(changelist(model, query)).status_code == 200
    MODELS[model].create_batch(27)
    with CaptureQueriesContext(connection) as many:
        assert client.get(changelist(model, query)).status_code == 200

    assert len(many) == len(few), [query["sql"] for query in many]


def test_a_dialogs_page_costs_as_many_queries_with_thirty_messages_as_with_three(sign_in):
    client, dialog = sign_in(), DialogFactory()
    MessageFactory.create_batch(3, dialog=dialog)
    client.get(page(dialog))
    with CaptureQueriesContext(connection) as few:
        client.get(page(dialog))
    MessageFactory.create_batch(27, dialog=dialog)
    with CaptureQueriesContext(connection) as many:
        client.get(page(dialog))

    assert len(many) == len(few)


# ── Search and filters ────────────────────────────────────────────────────────────────────────────────────


def test_updates_are_found_by_number_update_id_chat_and_person(sign_in):
    client = sign_in()
    BotIdentity.objects.create(bot_id=BOT_ID, username="test_bot", is_sandbox=True)
    person = TelegramUserFactory(telegram_id=4242, username="zoe_w", first_name="Zoe", last_name="White")
    wanted = InboundUpdateFactory(dialog=DialogFactory(person=person), update_id=777_000_111)
    InboundUpdateFactory()

    for term in (wanted.pk, 777_000_111, 4242, "zoe", "@ZOE_w", "Zoe Wh", "white"):
        assert listed(client.get(changelist(InboundUpdate), {"q": term})) == {wanted.pk}, term
    for term in ("oe", "zoex", "99999999999999999999999", "-1", "1" * 5000, "%"):
        assert listed(client.get(changelist(InboundUpdate), {"q": term})) == set(), term


def test_messages_are_found_by_number_chat_and_person_but_never_by_text(sign_in):
    client = sign_in()
    person = TelegramUserFactory(telegram_id=4242, username="zoe_w", first_name="Zoe", last_name="White")
    wanted = MessageFactory(dialog=DialogFactory(person=person), text="unmistakable")
    in_group = MessageFactory(dialog=DialogFactory(telegram_dialog_id="-10055"), person=person)
    MessageFactory()

    assert listed(client.get(changelist(Message), {"q": wanted.pk})) == {wanted.pk}
    assert listed(client.get(changelist(Message), {"q": "zoe"})) == {wanted.pk, in_group.pk}
    assert listed(client.get(changelist(Message), {"q": "-10055"})) == {in_group.pk}
    with CaptureQueriesContext(connection) as queries:
        assert listed(client.get(changelist(Message), {"q": "unmistakable"})) == set()
    assert not any('"engine_message"."text"' in q["sql"] and "LIKE" in q["sql"] for q in queries)


def test_dialogs_and_marks_are_found(sign_in):
    client = sign_in()
    wanted = DialogFactory(telegram_dialog_id="-100123", type="group", person=None, title="Team")
    DialogFactory()
    assert listed(client.get(changelist(Dialog), {"q": "-100123"})) == {wanted.pk}
    assert listed(client.get(changelist(Dialog), {"q": wanted.pk})) == {wanted.pk}
    assert listed(client.get(changelist(Dialog), {"type__exact": "group"})) == {wanted.pk}

    mark = ProcessedMessageFactory(message_id="cb:555")
    ProcessedMessageFactory()
    assert listed(client.get(changelist(ProcessedMessage), {"q": "cb:5"})) == {mark.pk}


@pytest.mark.parametrize(
    ("model", "wanted", "query"),
    [
        (InboundUpdate, {"status": "failed"}, {"status__exact": "failed"}),
        (InboundUpdate, {"kind": "callback_query"}, {"kind": "callback_query"}),
        (InboundUpdate, {"source": "webhook"}, {"source__exact": "webhook"}),
        (Message, {"status": "uncertain"}, {"status__exact": "uncertain"}),
        (Message, {"direction": "inbound"}, {"direction__exact": "inbound"}),
        (Message, {"message_type": "photo"}, {"message_type": "photo"}),
        (InboundUpdate, {"status": "failed", "dialog": None}, {"put_aside": "1"}),
    ],
)
def test_filters(sign_in, model, wanted, query):
    row = MODELS[model](**wanted)
    MODELS[model]()

    assert listed(sign_in().get(changelist(model), query)) == {row.pk}


@pytest.mark.parametrize("query", ["kind=x", "message_type=x", "status__exact=x", "p=x"])
@pytest.mark.parametrize("model", MODELS)
def test_nonsense_in_the_address_is_no_error(sign_in, model, query):
    MODELS[model]()
    assert sign_in().get(changelist(model, f"?{query}")).status_code in {200, 302}


def test_no_list_asks_for_distinct_values(sign_in):
    client = sign_in()
    with CaptureQueriesContext(connection) as queries:
        for model in MODELS:
            client.get(changelist(model))
    assert not any("DISTINCT" in query["sql"] for query in queries)


# ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_small_table_is_counted_exactly():
    MessageFactory.create_batch(3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE engine_message")  # its estimate outlives the rows of other tests
    MessageFactory()

    assert EstimatedPaginator(Message.objects.order_by("-pk"), 2).count == 4


def test_a_large_table_is_estimated_without_counting(monkeypatch):
    monkeypatch.setattr(pagination, "EXACT_UP_TO", 5)
    MessageFactory.create_batch(8)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE engine_message")
    MessageFactory.create_batch(2)

    with CaptureQueriesContext(connection) as queries:
        assert EstimatedPaginator(Message.objects.order_by("-pk"), 2).count == 8
    assert not any("COUNT(" in query["sql"] for query in queries)


def test_a_filtered_list_is_counted_no_further_than_needed(monkeypatch):
    monkeypatch.setattr(pagination, "EXACT_UP_TO", 5)
    MessageFactory.create_batch(4, status="failed")
    MessageFactory.create_batch(8)

    assert EstimatedPaginator(Message.objects.filter(status="failed").order_by("pk"), 2).count == 4
    assert EstimatedPaginator(Message.objects.filter(status="sent").order_by("pk"), 2).count == 5


# ── What a page shows ─────────────────────────────────────────────────────────────────────────────────────


def test_an_updates_page_shows_error_links_and_the_escaped_payload(sign_in):
    update = InboundUpdateFactory(
        status="failed",
        error="ValueError: <b>",
        payload={"message": {"text": "<script>alert('Ключ')</script>"}},
    )
    content = sign_in().get(page(update)).content.decode()

    assert "ValueError: &lt;b&gt;" in content
    assert "<script>alert" not in content
    assert "&lt;script&gt;alert(&#x27;Ключ&#x27;)" in content
    assert "<details>" in content
    assert page(update.dialog) in content
    assert page(update.dialog.person) in content


def test_a_messages_page_shows_text_and_error_escaped(sign_in):
    message = MessageFactory(
        status="failed", text="<i>Hi</i>\nthere", error="Forbidden: <x>", payload={"a": "<y>"}
    )
    content = sign_in().get(page(message)).content.decode()

    for words in ("&lt;i&gt;Hi&lt;/i&gt;<br>there", "Forbidden: &lt;x&gt;", "&lt;y&gt;"):
        assert words in content
    assert page(message.dialog) in content
    assert page(message.person) in content


@pytest.mark.parametrize(
    ("factory", "values", "word"),
    [
        (MessageFactory, {"message_type": "video_note"}, "video message"),
        (InboundUpdateFactory, {"kind": "callback_query"}, "button pressed"),
    ],
)
def test_a_page_says_in_words_of_what_kind_it_is(sign_in, factory, values, word):
    content = sign_in().get(page(factory(**values))).content.decode()

    assert re.search(rf">\s*{word}\s*<", content)
    assert not re.search(rf">\s*{next(iter(values.values()))}\s*<", content)


def test_a_dialogs_page_shows_its_last_fifty_messages_and_nobody_elses(sign_in):
    dialog = DialogFactory(state={"answer": "accounts.timezone"})
    for number in range(52):
        MessageFactory(dialog=dialog, text=f"said-{number:02}-<b>", direction="inbound")
    MessageFactory(dialog=dialog, text="<b>Shown</b> as &lt;read&gt;")
    MessageFactory(text="said elsewhere")

    content = sign_in().get(page(dialog)).content.decode()

    assert re.findall(r"said-(\d\d)-&lt;b&gt;", content) == [f"{number:02}" for number in range(3, 52)]
    assert "Shown as &lt;read&gt;" in content
    assert "said elsewhere" not in content
    assert "accounts.timezone" in content


def test_an_empty_dialog_says_so(sign_in):
    assert "Nothing has been said yet." in sign_in().get(page(DialogFactory())).content.decode()


@pytest.mark.parametrize("model", [InboundUpdate, Message])
def test_rows_without_chat_or_person_are_shown_too(sign_in, model):
    row = (
        InboundUpdateFactory(dialog=None, payload=None)
        if model is InboundUpdate
        else MessageFactory(person=None)
    )
    client = sign_in()

    assert client.get(changelist(model)).status_code == 200
    assert client.get(page(row)).status_code == 200


# ── Actions ───────────────────────────────────────────────────────────────────────────────────────────────

DECISIONS = [
    (InboundUpdate, "retry", "failed", "pending"),
    (Message, "send_again", "uncertain", "uncertain"),
    (Message, "count_as_sent", "uncertain", "sent"),
    (Message, "cancel", "queued", "cancelled"),
]


def test_retry_answers_with_the_count(sign_in):
    updates = InboundUpdateFactory.create_batch(2, status="failed")

    response = press(sign_in(), InboundUpdate, "retry", updates)

    assert sentences(response) == ["2 updates will be handled again."]
    assert InboundUpdate.objects.filter(status="pending").count() == 2


@pytest.mark.parametrize(
    ("action", "before", "after", "sentence"),
    [
        ("send_again", "uncertain", "uncertain", "2 messages are queued again."),
        ("count_as_sent", "uncertain", "sent", "2 messages now count as sent."),
        ("cancel", "queued", "cancelled", "2 messages were cancelled."),
    ],
)
def test_what_cannot_be_undone_asks_first(sign_in, action, before, after, sentence):
    client, (chosen, also, other) = (
        sign_in(),
        MessageFactory.create_batch(3, status=before, text="<b>words &lt;"),
    )

    question = press(client, Message, action, [chosen, also])

    assert "words &lt;</li>" in question.content.decode()
    assert question.content.decode().count(f'name="{ACTION_CHECKBOX_NAME}"') == 2
    assert list(Message.objects.values_list("status", flat=True)) == [before] * 3
    response = answer(client, question)
    assert sentences(response) == [sentence]
    statuses = dict(Message.objects.values_list("pk", "status"))
    assert (statuses[chosen.pk], statuses[also.pk], statuses[other.pk]) == (after, after, before)
    assert Message.objects.filter(dedupe_key__startswith="again:").count() == (
        2 if action == "send_again" else 0
    )


def test_all_pages_at_once_means_what_the_filter_shows(sign_in):
    client = sign_in()
    queued, sent = MessageFactory.create_batch(3, status="queued"), MessageFactory()

    question = press(client, Message, "cancel", queued[:1], query="?status__exact=queued", select_across=1)
    assert "Chosen: 3" in question.content.decode()
    response = answer(client, question)

    assert sentences(response) == ["3 messages were cancelled."]
    sent.refresh_from_db()
    assert sent.status == "sent"


def test_sending_again_twice_says_that_it_was_done(sign_in):
    client, message = sign_in(), MessageFactory(status="failed")

    answer(client, press(client, Message, "send_again", [message]))
    again = answer(client, press(client, Message, "send_again", [message]))

    assert sentences(again) == ["These messages were sent again before; nothing was queued."]
    assert Message.objects.filter(status="queued").count() == 1


def test_a_refusal_is_one_sentence_and_changes_nothing(sign_in):
    client = sign_in()
    queued, sending = MessageFactory(status="queued"), MessageFactory(status="sending")

    response = answer(client, press(client, Message, "cancel", [queued, sending]))

    assert len(sentences(response)) == 1
    assert "can no longer be cancelled" in sentences(response)[0]
    queued.refresh_from_db()
    assert queued.status == "queued"


@pytest.mark.parametrize(("model", "action", "before", "after"), DECISIONS)
def test_actions_are_neither_offered_nor_obeyed_without_the_permission(
    sign_in, monkeypatch, model, action, before, after
):
    client, row = sign_in(), MODELS[model](status=before)
    monkeypatch.setattr("telegrambot.accounts.permissions.ADMINS_MAY", frozenset())

    assert f'value="{action}"' not in client.get(changelist(model)).content.decode()
    press(client, model, action, [row], confirmed=action)

    row.refresh_from_db()
    assert row.status == before
    assert model.objects.count() == 1


@pytest.mark.parametrize(("model", "action", "before", "after"), DECISIONS)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_actions_are_offered_from_admin_on(sign_in, model, action, before, after, role):
    MODELS[model](status=before)

    assert f'value="{action}"' in sign_in(role).get(changelist(model)).content.decode()


def test_every_model_is_registered():
    assert all(admin.site.is_registered(model) for model in MODELS)
