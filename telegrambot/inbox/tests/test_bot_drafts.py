"""Drafts in operators' chats: cards, decisions, wordings, faults, and who was first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telegrambot.accounts import erasure
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import InboundUpdate, Message, Priority
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.dumping import stored_words
from telegrambot.inbox import duty
from telegrambot.inbox.desk import cards, drafts, superseding
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.models import Conversation, DraftCard, DraftReply
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import chat_with, operator, said
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

TEXT = "We are open from nine to six."


@pytest.fixture
def dialog():
    person = TelegramUserFactory(first_name="Ann", last_name="", username="ann_lee", language_code="en")
    return chat_with(person, is_processing_enabled=True)


@pytest.fixture
def olga():
    return operator(first_name="Olga", last_name="", language_code="en")


@pytest.fixture
def boris():
    return operator(first_name="Boris", last_name="", language_code="en")


@pytest.fixture
def draft(dialog, olga, boris):
    """A draft that both operators have on a card."""
    said(dialog, "When are <you> open?")
    made = DraftReplyFactory(dialog=dialog, made_from={"sources": [{"title": "Opening hours"}]})
    cards.show(made)
    return made


@pytest.fixture
def first(olga, draft):
    return seen(ChatClient(olga))


@pytest.fixture
def second(boris, draft):
    return seen(ChatClient(boris))


def seen(client):
    client.card = client.receive()
    return client


def answers():
    found = Message.objects.filter(priority=Priority.APPROVED_REPLY).order_by("pk")
    return [message.text for message in found]


def status(draft):
    draft.refresh_from_db()
    return draft.status


# ── Cards ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_shows_question_suggestion_and_sources(first):
    assert "A draft for Ann (@ann_lee)" in first.card.text
    assert "When are <you> open?" in first.card.text
    assert TEXT in first.card.text
    assert "Made from: Opening hours" in first.card.text
    assert first.card.buttons == ["✅ Approve", "✏️ Edit", "❌ Reject", "💬 Open the chat"]


def test_a_card_is_in_each_operators_language(draft, dialog):
    natasha = operator(first_name="Natasha", language_code="ru")
    other = DraftReplyFactory(status="superseded")
    cards.show(other)
    shown = Message.objects.filter(origin=f"draft-card:{other.pk}").select_related("dialog__person")

    assert {message.dialog.person for message in shown} >= {natasha}
    assert DraftCard.objects.filter(draft=other).count() == 3


def test_only_who_is_on_duty_gets_a_card(dialog, olga, boris):
    duty.set_notices(False, actor=boris)
    made = DraftReplyFactory(dialog=dialog)
    cards.show(made)

    assert [card.operator for card in made.cards.all()] == [olga]


def test_whoever_the_chat_is_assigned_to_gets_the_card_alone(dialog, olga, boris):
    made = DraftReplyFactory(dialog=dialog)
    Conversation.objects.update(assigned_to=boris)
    cards.show(made)

    assert [card.operator for card in made.cards.all()] == [boris]


def test_no_cards_where_they_are_switched_off(dialog, olga):
    settings_store.set("drafting.notify", False, actor=None)
    cards.show(DraftReplyFactory(dialog=dialog))

    assert not Message.objects.filter(origin__startswith="draft-card:").exists()


def test_in_quiet_hours_a_card_waits_and_goes_when_it_is_decided(dialog, olga, boris):
    now = timezone.localtime()
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    boris.preferences = {"quiet_hours": hours}
    boris.save()
    made = DraftReplyFactory(dialog=dialog)
    cards.show(made)
    held = Message.objects.get(origin=f"draft-card:{made.pk}", dialog__person=boris)
    assert held.not_before > timezone.now()
    assert ChatClient(olga).receive().texts

    drafts.approve(made, actor=olga)

    held.refresh_from_db()
    assert held.status == Message.Status.CANCELLED
    assert not Message.objects.filter(target=held).exists()


def test_cards_cost_the_same_for_two_operators_and_for_many(dialog, olga, boris):
    def queries(work):
        with CaptureQueriesContext(connection) as found:
            work()
        return len(found)

    made = DraftReplyFactory(dialog=dialog)
    few = queries(lambda: cards.show(made)), queries(lambda: cards.refresh(made))
    superseding.supersede(dialog)
    for _number in range(6):
        operator(language_code="en")
    again = DraftReplyFactory(dialog=dialog)

    assert (queries(lambda: cards.show(again)), queries(lambda: cards.refresh(again))) == few


# ── Approving ─────────────────────────────────────────────────────────────────────────────────────────────


def test_approving_sends_it_once_and_every_card_says_who_did(first, second, draft):
    screen = first.press("✅ Approve")

    assert screen.edited
    assert "Approved by Olga, on its way to Ann" in screen.text
    assert screen.buttons == ["💬 Open the chat"]
    assert answers() == [TEXT]
    shown = second.receive()
    assert shown.edited
    assert "Approved by Olga" in shown.text


def test_what_became_of_it_shows_on_the_cards(first, second, draft):
    first.press("✅ Approve")
    second.receive()
    draft.refresh_from_db()
    error = "Forbidden: bot was blocked by the user"
    Message.objects.filter(pk=draft.message_id).update(status=Message.Status.FAILED, error=error)

    settle_drafts()

    for client in (first, second):
        shown = client.receive()
        assert shown.edited
        assert "Not delivered to Ann" in shown.text
        assert "the person has blocked the bot" in shown.text


@pytest.mark.parametrize("change", [{"role": Role.SUBSCRIBER}, {"is_active": False}])
def test_who_is_no_operator_any_more_does_not_read_what_becomes_of_it(
    first, second, draft, olga, boris, change
):
    TelegramUser.objects.filter(pk=olga.pk).update(**change)

    drafts.approve(draft, text="The code is 4711.", actor=boris)

    assert "4711" in second.receive().text
    assert not Message.objects.filter(dialog__person=olga, text__contains="4711").exists()


def test_the_second_operator_is_told_who_was_first(first, second, draft):
    card = Message.objects.get(origin=f"draft-card:{draft.pk}", dialog__person__first_name="Boris")
    first.press("✅ Approve")

    # Boris' card is changed a moment later: until then it has its buttons.
    for label in ("approve", "ask_wording", "ask_fault"):
        screen = second.press_data(f"inbox.{label}:{draft.pk}", card.external_message_id)
        assert "Olga has decided about this draft already" in screen.alert
    assert status(draft) == "approved"
    assert answers() == [TEXT]


def test_after_a_newer_message_nothing_is_sent(first, draft, dialog):
    said(dialog, "Wait, on Sunday?")

    assert "has written again" in first.press("✅ Approve").alert
    assert answers() == []


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_who_is_no_operator_any_more_decides_nothing(first, draft, role):
    TelegramUser.objects.filter(first_name="Olga").update(role=role)

    for label in ("✅ Approve", "✏️ Edit", "❌ Reject", "💬 Open the chat"):
        assert "not available to you" in first.press(label).toast
    assert (status(draft), answers()) == ("pending_approval", [])


def test_a_forged_button_is_refused(first, draft, dialog):
    stranger = ChatClient(TelegramUserFactory())
    for client in (stranger, ChatClient(dialog.person), first):
        assert "no longer valid" in client.press_data(f"inbox.approve:{draft.pk}", "4711").toast
    other = DraftReplyFactory()
    card = Message.objects.filter(origin__startswith="draft-card:", dialog__person__first_name="Olga").get()
    assert "no longer valid" in first.press_data(f"inbox.approve:{other.pk}", card.external_message_id).toast
    assert (status(draft), status(other), answers()) == ("pending_approval", "pending_approval", [])


def test_an_erased_draft_is_said(first, draft):
    DraftReply.objects.all().delete()

    assert "not there any more" in first.press("✅ Approve").alert


# ── One's own wording ─────────────────────────────────────────────────────────────────────────────────────


def test_the_next_message_is_the_answer(first, draft, olga):
    asked = first.press("✏️ Edit")
    assert TEXT in asked.text
    assert not asked.edited

    screen = first.send("From ten & to six.")

    assert "On its way to Ann" in screen.text
    assert answers() == ["From ten &amp; to six."]
    assert status(draft) == "approved"
    assert (draft.text, draft.decided_by) == ("From ten & to six.", olga)
    assert draft.edit_share > 0
    assert "did not understand" in first.send("And this?").text
    assert len(answers()) == 1


def quotation(client, draft):
    """What Telegram says of a message that is a reply to the operator's card."""
    card = DraftCard.objects.get(draft=draft, operator__telegram_id=client.telegram_id).message
    quoted = {"message_id": int(card.external_message_id), "date": 1, "text": "…"}
    return {"reply_to_message": quoted | {"chat": {"id": client.telegram_id, "type": "private"}}}


def reply(client, draft, text):
    """Send `text` as a Telegram reply to the operator's card."""
    return client.send(text, **quotation(client, draft))


def test_a_reply_to_the_card_is_the_answer(first, second, draft):
    assert "On its way to Ann" in reply(first, draft, "From ten to six.").text

    assert answers() == ["From ten to six."]
    assert "Olga has decided" in reply(second, draft, "From nine to five.").text
    assert answers() == ["From ten to six."]


def test_what_was_typed_belongs_to_the_person_it_is_about(first, draft, dialog):
    first.press("✏️ Edit")
    first.send("From ten to six.")

    typed = Message.objects.get(direction="inbound", text="From ten to six.")
    assert typed.about == dialog.person
    update = InboundUpdate.objects.get(pk=int(typed.origin.removeprefix("update:")))
    assert update.payload is None


@pytest.mark.parametrize("label", ["✏️ Edit", "❌ Reject", "a reply"])
def test_what_comes_too_late_belongs_to_the_person_too(first, second, draft, dialog, label):
    if label != "a reply":
        first.press(label)
    second.press("✅ Approve")

    screen = reply(first, draft, "marzipan") if label == "a reply" else first.send("marzipan")

    assert "Boris has decided" in screen.text
    erasure.erase(dialog.person)
    assert stored_words("marzipan") == set()


@pytest.mark.parametrize("label", ["✏️ Edit", "a reply"])
def test_what_cannot_be_sent_belongs_to_the_person_too(first, draft, dialog, label):
    if label != "a reply":
        first.press(label)
    text = "marzipan" * 501

    screen = reply(first, draft, text) if label == "a reply" else first.send(text)

    assert "Please shorten it" in screen.text
    erasure.erase(dialog.person)
    assert stored_words("marzipan") == set()


@pytest.mark.parametrize("label", ["✏️ Edit", "❌ Reject", "a reply"])
def test_what_is_typed_about_a_draft_that_was_erased_is_not_kept(first, draft, dialog, label):
    if label != "a reply":
        first.press(label)
    quoted = quotation(first, draft)
    erasure.erase(dialog.person)

    screen = first.send("marzipan", **(quoted if label == "a reply" else {}))

    assert "That draft is not there any more" in screen.text
    assert stored_words("marzipan") == set()


def test_the_longest_draft_is_shown_whole_and_sent_whole(dialog, olga):
    text = "a < b & c. " * 363
    made = DraftReplyFactory(dialog=dialog, suggested_response=text.strip())
    cards.show(made)
    client = ChatClient(olga)
    assert "…" in client.receive().text

    asked = client.press("✏️ Edit")
    assert asked.text.count("a < b & c.") == 363
    client.send("/cancel")
    client.press("✅ Approve")

    assert len(answers()) == 1


def test_cancel_leaves_the_draft_as_it_is(first, draft):
    first.press("✏️ Edit")
    first.send("/cancel")
    first.send("From ten to six.")

    assert (status(draft), answers()) == ("pending_approval", [])


@pytest.mark.parametrize("text", ["", "x" * 4001])
def test_what_cannot_be_sent_may_be_tried_again(first, draft, text):
    first.press("✏️ Edit")
    first.send(text)
    assert (status(draft), answers()) == ("pending_approval", [])

    first.send("From ten to six.")

    assert answers() == ["From ten to six."]


PHOTO = {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]}


@pytest.mark.parametrize("label", ["✏️ Edit", "❌ Reject"])
def test_a_picture_is_not_mistaken_for_its_caption(first, draft, label):
    first.press(label)
    body = first._message() | PHOTO | {"caption": "Look here"}

    assert "Please send a text" in first.offer("message", body).text
    assert (status(draft), answers()) == ("pending_approval", [])
    first.send("A text")
    assert status(draft) != "pending_approval"


def test_a_draft_that_was_superseded_meanwhile_sends_nothing_and_leaves(first, draft, dialog):
    first.press("✏️ Edit")
    superseding.supersede(dialog)

    assert "no longer open" in first.send("From ten to six.").text
    assert answers() == []
    assert "did not understand" in first.send("From ten to six.").text


def test_a_draft_that_another_has_decided_meanwhile_says_who(first, second, draft):
    first.press("✏️ Edit")
    second.press("✅ Approve")

    assert "Boris has decided" in first.send("From ten to six.").text
    assert answers() == [TEXT]


# ── Rejecting ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fault_is_chosen_and_nothing_is_sent(first, second, draft):
    first.press("❌ Reject")
    screen = first.press("the tone is not ours")

    assert "Rejected by Olga: Ann" in screen.text
    assert "the tone is not ours" in screen.text
    assert (status(draft), draft.fault) == ("rejected", "tone")
    assert "Rejected by Olga" in second.receive().text
    assert answers() == []


def test_a_reason_in_words(first, draft):
    first.press("❌ Reject")
    assert "call me Annie" in first.send("She asked: call me Annie").text

    assert (status(draft), draft.rejection_reason) == ("rejected", "She asked: call me Annie")
    assert "did not understand" in first.send("And this?").text


def test_just_rejecting(first, draft):
    first.press("❌ Reject")
    first.press("Just reject")

    assert (status(draft), draft.fault) == ("rejected", "")


def test_back_from_rejecting_keeps_it_open(first, draft):
    first.press("❌ Reject")
    screen = first.press("‹ Back")

    assert "✅ Approve" in screen.buttons
    first.send("not a reason")
    assert status(draft) == "pending_approval"


def test_a_reason_that_comes_too_late(first, second, draft):
    first.press("❌ Reject")
    second.press("✅ Approve")

    assert "Boris has decided" in first.send("Too long").text
    assert status(draft) == "approved"


# ── Chats without history ─────────────────────────────────────────────────────────────────────────────────


def test_of_a_chat_without_history_no_word_is_in_operators_chats(dialog, olga):
    dialog.keep_history = False
    dialog.save()
    cards.show(DraftReplyFactory(dialog=dialog))

    screen = ChatClient(olga).receive()

    assert TEXT not in screen.text
    assert "keeps no history" in screen.text
    assert screen.buttons == ["💬 Open the chat"]


def test_a_chat_that_keeps_no_history_any_more_is_decided_in_the_browser(first, draft, dialog):
    dialog.keep_history = False
    dialog.save()

    for label in ("✅ Approve", "✏️ Edit", "❌ Reject"):
        screen = first.press(label)
        assert "in the browser" in screen.alert
        assert TEXT not in screen.text
    assert (status(draft), answers()) == ("pending_approval", [])


# ── The inbox ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_inbox_lists_drafts_and_opens_them(first, draft):
    first.send("/inbox")
    assert first.press("✍️ 1 draft to decide").buttons[0] == "Ann · just now"
    assert TEXT in first.press("Ann · just now").text
    assert "On its way" not in first.press("✅ Approve").text
    assert answers() == [TEXT]
    assert "✍️ 1 draft to decide" not in first.send("/inbox").buttons


def test_the_conversation_leads_to_its_draft(first, draft):
    first.press("💬 Open the chat")

    assert TEXT in first.press("✍️ Look at the draft").text


def test_a_list_that_has_become_empty_says_so(first, draft, dialog):
    first.send("/inbox")
    superseding.supersede(dialog)

    assert "No draft waits" in first.press("✍️ 1 draft to decide").text


def test_the_list_costs_the_same_for_one_and_for_many(first, draft):
    def queries(label):
        first.send("/inbox")
        with CaptureQueriesContext(connection) as found:
            first.press(label)
        return len(found)

    few = queries("✍️ 1 draft to decide")
    for _number in range(7):
        DraftReplyFactory()
    assert queries("✍️ 8 drafts to decide") == few


def test_an_erased_person_is_gone_from_cards_and_lists(first, draft, dialog, olga):
    dialog.person.first_name = "Wandalina"
    dialog.person.save()
    cards.show(DraftReplyFactory(dialog=chat_with(dialog.person, business_connection_id="bc")))
    first.receive()
    first.send("/inbox")
    first.press("✍️ 2 drafts to decide")
    first.send("/auto")
    assert Message.objects.filter(dialog__person=olga, payload__icontains="Wandalina").exists()

    erasure.erase(dialog.person)

    kept = str(list(Message.objects.values_list("text", "payload")))
    assert "Wandalina" not in kept
    assert TEXT not in kept


# ── Edits ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_question_that_is_edited_takes_the_draft_back(draft, dialog):
    customer = ChatClient(dialog.person)
    customer.send("Wen?")
    DraftReply.objects.exclude(pk=draft.pk).delete()
    DraftReply.objects.filter(pk=draft.pk).update(status="pending_approval")
    sent = Message.objects.get(text="Wen?")
    body = customer._message() | {"message_id": int(sent.external_message_id), "edit_date": 1_900_000_000}

    customer.offer("edited_message", body | {"text": "When?"})

    assert status(draft) == "superseded"


def test_a_command_that_is_edited_changes_nothing(draft, dialog):
    customer = ChatClient(dialog.person)
    customer.send("/guides")
    sent = Message.objects.get(text="/guides")
    body = customer._message() | {"message_id": int(sent.external_message_id), "edit_date": 1_900_000_000}

    customer.offer("edited_message", body | {"text": "/guides hours"})

    assert status(draft) == "pending_approval"
