"""An approved answer that the sender drops, a draft that cannot be approved: another draft is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from telegrambot.engine import claims
from telegrambot.engine import services as engine
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import InboundUpdateFactory
from telegrambot.inbox.admin import desk_queue
from telegrambot.inbox.desk import drafts, queueing, superseding, work
from telegrambot.inbox.desk.exceptions import Outdated
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.models import Conversation, DraftReply, HeldText

pytestmark = pytest.mark.django_db

QUESTION = "When are you open on Sunday?"
# A view of the guides answers it.
PHRASE = "guides"


@pytest.fixture
def asked(customer):
    """The question, as Telegram sent it."""
    body = customer._message() | {"text": QUESTION, "entities": []}
    customer.offer("message", body)
    return body


@pytest.fixture
def draft(asked, dialog, guide, olga, boris):
    work.make(dialog.pk)
    forget_jobs()
    return DraftReply.objects.get()


def forget_jobs():
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def asked_for():
    return ProcrastinateJob.objects.filter(task_name=queueing.TASK).count()


def send():
    """Let the sender look at what is approved."""
    Message.objects.filter(status="queued").exclude(origin__startswith="operator:").update(
        status="sent", external_message_id="9"
    )
    claims.claim(10)


def statuses():
    return list(DraftReply.objects.order_by("pk").values_list("status", flat=True))


def waiting_since(dialog):
    return Conversation.objects.get(dialog=dialog).waiting_since


def write(customer, text, kind="message", **more):
    """Let the customer write before anything has left for them."""
    customer._receive = lambda screen: None
    entities = [{"type": "bot_command", "offset": 0, "length": len(text)}] if text.startswith("/") else []
    customer.offer(kind, customer._message() | {"text": text, "entities": entities} | more)


def edit(customer, asked):
    changed = "When are you open on Sunday, please?"
    of_it = {"message_id": asked["message_id"], "date": asked["date"], "edit_date": asked["date"] + 1}
    write(customer, changed, "edited_message", **of_it)


@pytest.mark.parametrize("keeps_history", [True, False])
@pytest.mark.parametrize("what", ["/help", PHRASE, "edit"])
def test_who_gets_no_answer_for_what_nobody_waits_for_gets_another_draft(
    customer, asked, dialog, guide, olga, what, keeps_history
):
    said = Message.objects.get(dialog=dialog, direction="inbound")
    if not keeps_history:
        Dialog.objects.filter(pk=dialog.pk).update(keep_history=False)
        Message.objects.filter(pk=said.pk).update(text="")
        HeldText.objects.create(dialog=dialog, message=said, text=QUESTION)
    work.make(dialog.pk)
    approved = drafts.approve(DraftReply.objects.get(), actor=olga)
    if what == "edit":
        edit(customer, asked)
    else:
        write(customer, what)
    forget_jobs()

    send()
    settle_drafts()

    assert waiting_since(dialog) == approved.last_message_timestamp
    assert asked_for() == 1
    work.make(dialog.pk)
    work.make(dialog.pk)
    assert statuses() == ["superseded", "pending_approval"]


def test_a_question_after_the_approval_gets_one_draft(draft, customer, dialog, olga):
    hour_ago = draft.last_message_timestamp - timedelta(hours=1)
    DraftReply.objects.update(last_message_timestamp=hour_ago)
    drafts.approve(draft, actor=olga)
    write(customer, "And on Monday?")
    asked_at = waiting_since(dialog)

    send()
    settle_drafts()

    assert waiting_since(dialog) == asked_at
    assert asked_for() == 1
    work.make(dialog.pk)
    work.make(dialog.pk)
    assert statuses() == ["superseded", "pending_approval"]


def test_what_is_not_handled_yet_says_first_whether_somebody_waits(draft, customer, dialog, olga):
    drafts.approve(draft, actor=olga)
    write(customer, PHRASE)
    send()
    update = InboundUpdateFactory(dialog=dialog, status="pending")

    settle_drafts()
    assert (statuses(), waiting_since(dialog)) == (["approved"], None)

    update.status = "done"
    update.save()
    settle_drafts()
    assert statuses() == ["superseded"]
    assert waiting_since(dialog) == draft.last_message_timestamp


@pytest.mark.parametrize("by", ["the owner of the account", "an operator"])
def test_what_people_have_taken_back_is_not_drafted_anew(draft, dialog, olga, by):
    row = drafts.approve(draft, actor=olga)
    if by == "an operator":
        engine.cancel_messages([row.message_id], actor=olga)
    else:
        superseding.answered_in_telegram(dialog)

    settle_drafts()
    work.make(dialog.pk)

    assert statuses() == ["superseded"]
    assert waiting_since(dialog) is None


def test_a_refused_approval_asks_for_the_draft_it_speaks_of(draft, customer, dialog, olga):
    customer.send(PHRASE)
    assert asked_for() == 0

    with pytest.raises(Outdated):
        drafts.approve(draft, actor=olga)

    assert asked_for() == 1
    work.make(dialog.pk)
    newer = DraftReply.objects.get(status="pending_approval")
    assert newer.pk != draft.pk
    assert drafts.approve(newer, actor=olga).status == "approved"


def test_it_is_asked_for_from_the_chat_too(draft, customer, olga):
    client = ChatClient(olga)
    client.receive()
    customer.send(PHRASE)

    screen = client.press("✅ Approve")

    assert "Another draft is on its way" in screen.alert
    assert asked_for() == 1
    assert statuses() == ["pending_approval"]


def test_it_is_asked_for_from_the_browser_too(draft, customer, admin_client):
    customer.send(PHRASE)

    answer = admin_client.post(
        reverse("admin:inbox_draftreply_approve", args=[draft.pk]), {"text": "At nine"}
    )

    assert "Another draft is on its way" in answer.json()["sentence"]
    assert asked_for() == 1
    draft.refresh_from_db()
    assert (draft.status, draft.edited_response) == ("pending_approval", "")


def test_a_copy_of_a_copy_counts(draft, olga):
    row = drafts.approve(draft, actor=olga)
    key = row.message_id
    for _number in range(2):
        Message.objects.filter(pk=key).update(status="uncertain")
        settle_drafts()
        (found,) = desk_queue.read().uncertain
        assert (found.draft, found.message_id) == (draft, key)
        engine.send_again([key], actor=olga)
        assert desk_queue.read().uncertain == []
        key = Message.objects.get(dedupe_key=f"again:{key}").pk

    Message.objects.filter(pk=key).update(status="sent")
    settle_drafts()

    assert statuses() == ["sent"]
