"""The reply desk in the browser: what it lists, what it shows of a draft, what is decided there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox.desk import conversation_context, drafts
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.models import Conversation, DraftInProgress, DraftReply, ModelCall
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import ConversationFactory, said

pytestmark = pytest.mark.django_db

DESK = "admin:inbox_draftreply_desk"


@pytest.fixture
def olga():
    return TelegramUserFactory(role=Role.ADMIN, first_name="Olga", last_name="", staff=UserFactory())


@pytest.fixture
def admin(client, olga):
    client.force_login(olga.staff)
    return client


def draft_of(name="Ann", text="When are you open?", **values):
    dialog = DialogFactory(person__first_name=name, person__last_name="", is_processing_enabled=True)
    said(dialog, text)
    return DraftReplyFactory(dialog=dialog, **values)


def failed(dialog, error="RateLimited", **details):
    return ModelCall.objects.create(dialog=dialog, provider="openai", error=error, error_details=details)


def address(page, *args):
    return reverse(f"admin:inbox_draftreply_{page}", args=args)


def changes(client, draft=""):
    return client.get(address("changes"), {"draft": draft}).json()


def answers(draft):
    return list(
        Message.objects.filter(dialog=draft.dialog, priority=Priority.APPROVED_REPLY).values_list(
            "text", flat=True
        )
    )


# ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_oldest_question_comes_first_and_is_open(admin):
    now = timezone.now()
    draft_of("Ann", last_message_timestamp=now)
    oldest = draft_of("Boris", "Where are you?", last_message_timestamp=now - timedelta(hours=1))

    page = admin.get(reverse(DESK))

    assert [item.draft.dialog.person.first_name for item in page.context["queue"].waiting] == ["Boris", "Ann"]
    assert page.context["draft"] == oldest
    assert "Where are you?" in page.content.decode()
    assert "We are open from nine to six." in page.content.decode()


def test_a_draft_says_what_it_was_made_from(admin):
    sources = [
        {"title": "Opening hours", "url": "https://example.org/hours", "reference": "guide:1"},
        {"title": "A trap", "url": "javascript:alert(1)", "reference": "guide:2"},
    ]
    draft = draft_of(
        provider="openai",
        model_name="gpt-9",
        cost="0.012",
        made_from={"sources": sources, "messages": [1, 2, 3], "examples": 2},
    )

    part = admin.get(address("shown", draft.pk)).content.decode()

    assert 'href="https://example.org/hours"' in part
    assert "A trap" in part
    assert "javascript:" not in part
    assert "gpt-9" in part
    assert "0.012" in part


def test_what_people_and_models_write_is_no_markup(admin):
    draft = draft_of("<i>Ann", "<script>alert(1)</script>", suggested_response='"><script>alert(2)</script>')

    page = admin.get(reverse(DESK)).content.decode() + changes(admin, draft.pk)["queue"]

    assert "<script>alert" not in page
    assert "<i>Ann" not in page


def test_what_is_being_written_is_shown_while_it_grows(admin):
    dialog = DialogFactory(person__first_name="Ann", is_processing_enabled=True)
    writing = DraftInProgress.objects.create(dialog=dialog, text="We are op")

    assert "We are op" in changes(admin)["queue"]
    writing.delete()
    assert "We are op" not in changes(admin)["queue"]


def test_a_failed_try_says_why_until_there_is_another(admin):
    dialog = DialogFactory(person__first_name="Ann", is_processing_enabled=True)
    said(dialog)
    failed(dialog, provider="OpenAI", retry_after=7)

    assert "OpenAI asks to slow down. Please try again in 7 s." in changes(admin)["queue"]

    DraftReplyFactory(dialog=dialog)
    assert "slow down" not in changes(admin)["queue"]


@pytest.mark.parametrize("error", ["RateLimited", "NoSuchError"])
def test_an_error_kept_otherwise_still_has_a_sentence(admin, error):
    dialog = DialogFactory(is_processing_enabled=True)
    said(dialog)
    failed(dialog, error)

    assert "The draft could not be written." in changes(admin)["queue"]


def test_nobody_is_told_of_a_failure_where_nobody_waits(admin):
    failed(DialogFactory(is_processing_enabled=True), "AnswerEmpty")

    assert "wrote nothing" not in changes(admin)["queue"]


def test_an_uncertain_answer_leads_to_where_it_is_decided(admin, olga):
    draft = draft_of()
    row = drafts.approve(draft, actor=olga)
    assert "Telegram did not say" not in changes(admin)["queue"]
    Message.objects.filter(pk=row.message_id).update(status="uncertain")

    assert reverse("admin:engine_message_change", args=[row.message_id]) in changes(admin)["queue"]

    Message.objects.filter(pk=row.message_id).update(status="cancelled")
    assert "Telegram did not say" not in changes(admin)["queue"]


def test_who_was_faster_is_said_where_the_draft_is_open(admin):
    draft = draft_of()
    assert changes(admin, draft.pk)["standing"] == ""
    boris = TelegramUserFactory(role=Role.ADMIN, first_name="Boris", last_name="")
    drafts.reject(draft, actor=boris)

    found = changes(admin, draft.pk)

    assert found["standing"] == "Boris has rejected this draft."
    assert found["count"] == 0
    assert "data-pending" not in admin.get(address("shown", draft.pk)).content.decode()


def test_who_decided_is_never_nobody(admin):
    by_hand = draft_of(status="rejected")
    alone = draft_of("Boris", status="sent", is_automatic=True)

    assert changes(admin, by_hand.pk)["standing"].startswith("A colleague has rejected")
    assert changes(admin, alone.pk)["standing"].startswith("The program itself has approved")


def test_a_business_chat_says_until_when_it_can_be_answered_or_why_not(admin):
    draft = draft_of()
    Dialog.objects.filter(pk=draft.dialog_id).update(business_connection_id="abc")
    assert "Telegram takes an answer until" in admin.get(address("shown", draft.pk)).content.decode()

    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))

    assert "for 24 hours after the last message" in admin.get(address("shown", draft.pk)).content.decode()
    assert not admin.post(address("approve", draft.pk), {"text": "Hello"}).json()["is_done"]
    assert answers(draft) == []


def test_a_business_chat_says_until_when_in_a_conversation_opened_anew_too(admin):
    draft = draft_of()
    Dialog.objects.filter(pk=draft.dialog_id).update(business_connection_id="abc")
    Conversation.objects.update(is_active=False, closed_at=timezone.now(), waiting_since=None)
    ConversationFactory(dialog=draft.dialog)

    assert "Telegram takes an answer until" in admin.get(address("shown", draft.pk)).content.decode()


def test_a_draft_that_was_erased_is_said_to_be_gone(admin):
    draft = draft_of()
    DraftReply.objects.all().delete()

    assert "not there any more" in changes(admin, draft.pk)["standing"]
    assert admin.get(address("shown", draft.pk)).status_code == 404
    assert admin.get(reverse(DESK), {"draft": draft.pk}).context["queue"].is_empty
    assert not admin.post(address("approve", draft.pk)).json()["is_done"]


@pytest.mark.parametrize("draft", ["", "x", "99999999999999999999", "%00"])
def test_a_mangled_address_shows_the_desk(admin, draft):
    assert admin.get(reverse(DESK), {"draft": draft}).status_code == 200
    assert admin.get(address("changes"), {"draft": draft}).status_code == 200


def test_the_desk_asks_as_much_for_many_as_for_few(admin):
    def count(url):
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(url).status_code == 200
        return len(queries)

    draft = draft_of()
    urls = (reverse(DESK), address("changes") + f"?draft={draft.pk}")

    def fill():
        draft_of("Boris")
        waits = DialogFactory(is_processing_enabled=True)
        said(waits)
        failed(waits, "AnswerEmpty")
        DraftInProgress.objects.create(dialog=DialogFactory())

    fill()
    few = [count(url) for url in urls]
    for _time in range(4):
        fill()

    assert [count(url) for url in urls] == few


# ── What is decided ───────────────────────────────────────────────────────────────────────────────────────


def test_approving_sends_what_is_in_the_box(admin, olga):
    draft = draft_of()

    found = admin.post(address("approve", draft.pk), {"text": "From nine\r\nto six <3"}).json()

    assert found == {"is_done": True, "sentence": "It is on its way to Ann."}
    assert answers(draft) == ["From nine\nto six &lt;3"]
    draft.refresh_from_db()
    assert draft.decided_by == olga
    assert draft.edited_response == "From nine\nto six <3"


def test_as_it_is_nothing_counts_as_edited(admin):
    draft = draft_of()

    admin.post(address("approve", draft.pk), {"text": draft.suggested_response})

    draft.refresh_from_db()
    assert (draft.edited_response, draft.edit_share) == ("", 0.0)


def test_an_empty_or_too_long_answer_is_not_sent(admin):
    draft = draft_of()

    empty = admin.post(address("approve", draft.pk), {"text": " "}).json()
    long = admin.post(address("approve", draft.pk), {"text": "a" * 5000}).json()

    assert not long["is_done"]
    assert "5000" in long["sentence"]
    assert not empty["is_done"]
    assert answers(draft) == []


def test_rejecting_keeps_the_fault_and_sends_nothing(admin):
    draft = draft_of()

    found = admin.post(address("reject", draft.pk), {"fault": "tone", "reason": "Too stiff"}).json()

    assert found["sentence"] == "Rejected. Ann still waits for an answer."
    draft.refresh_from_db()
    assert (draft.status, draft.fault, draft.rejection_reason) == ("rejected", "tone", "Too stiff")
    assert answers(draft) == []


def test_an_invented_fault_is_none(admin):
    draft = draft_of()

    admin.post(address("reject", draft.pk), {"fault": "invented"})

    draft.refresh_from_db()
    assert (draft.status, draft.fault) == ("rejected", "")


def test_the_second_decision_reads_who_made_the_first(admin):
    draft = draft_of()
    boris = TelegramUserFactory(role=Role.ADMIN, first_name="Boris", last_name="")
    drafts.approve(draft, actor=boris)

    found = [admin.post(address(deed, draft.pk), {"text": "Mine"}).json() for deed in ("approve", "reject")]

    assert all("Boris" in answer["sentence"] and not answer["is_done"] for answer in found)
    assert answers(draft) == ["We are open from nine to six."]


def test_another_draft_is_made_where_the_last_try_failed(admin):
    dialog = DialogFactory(person__first_name="Ann", person__last_name="", is_processing_enabled=True)
    said(dialog)

    found = admin.post(address("again", dialog.pk)).json()

    assert found == {"is_done": True, "sentence": "Another draft for Ann is being made."}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = %s", [f"draft:{dialog.pk}"]
        )
        assert cursor.fetchone() == (1,)


def test_what_is_asked_while_an_answer_leaves_gets_a_draft_when_that_is_settled(admin, olga):
    draft = draft_of()
    row = drafts.approve(draft, actor=olga)
    Message.objects.filter(pk=row.message_id).update(status="sent")

    settle_drafts()

    with connection.cursor() as cursor:
        key = f"draft:{draft.dialog_id}"
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = %s", [key])
        assert cursor.fetchone() == (1,)


def test_a_question_in_the_second_of_our_answer_follows_it(admin, olga):
    draft = draft_of()
    row = drafts.approve(draft, actor=olga)
    Message.objects.filter(pk=row.message_id).update(status="sent")
    answered_at = Message.objects.get(pk=row.message_id).timestamp
    said(draft.dialog, "And on Monday?", answered_at.replace(microsecond=0) - timedelta(seconds=1))

    batch = conversation_context.read(draft.dialog, operator=None)

    assert batch.context.question == "And on Monday?"


def test_another_draft_waits_until_the_last_answer_is_settled(admin, olga):
    draft = draft_of()
    drafts.approve(draft, actor=olga)

    found = admin.post(address("again", draft.dialog_id)).json()

    assert not found["is_done"]
    assert "not certain" in found["sentence"]


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_nobody_below_admin_comes_near(client, role):
    client.force_login(UserFactory(person__role=role))
    draft = draft_of()

    answered = [
        client.get(reverse(DESK)),
        client.get(address("changes")),
        client.get(address("shown", draft.pk)),
        client.post(address("approve", draft.pk)),
        client.post(address("reject", draft.pk)),
        client.post(address("again", draft.dialog_id)),
    ]

    assert {answer.status_code for answer in answered} == {302}
    draft.refresh_from_db()
    assert draft.status == "pending_approval"


def test_a_decision_is_no_mere_address(admin):
    draft = draft_of()

    assert admin.get(address("approve", draft.pk)).status_code == 405
    assert admin.get(address("reject", draft.pk)).status_code == 405


# ── All drafts ────────────────────────────────────────────────────────────────────────────────────────────


def history(client, **query):
    page = client.get(address("changelist"), query)
    return {draft.pk for draft in page.context["cl"].result_list}


def test_the_history_is_filtered_and_searched(admin):
    ann, boris = draft_of("Ann"), draft_of("Boris", provider="ollama", model_name="llama", status="rejected")

    page = admin.get(address("changelist")).content.decode()
    assert "Ollama · llama" in page
    # On a phone every value has its column's name before it.
    assert 'data-label="Select record"' not in page
    assert history(admin) == {ann.pk, boris.pk}
    assert history(admin, status__exact="rejected") == {boris.pk}
    assert history(admin, provider__exact="ollama") == {boris.pk}
    assert history(admin, q="Ann") == {ann.pk}
    assert history(admin, q=str(boris.pk)) >= {boris.pk}
    assert history(admin, operator="nobody", prompt="none") == {ann.pk, boris.pk}


def test_a_page_of_the_history_shows_the_text_and_offers_no_change(admin):
    draft = draft_of(edited_response="From nine.", status="sent", edit_share=0.25)

    page = admin.get(address("change", draft.pk)).content.decode()

    assert "We are open from nine to six." in page
    assert "From nine." in page
    assert "(&#x27;sent&#x27;" not in page
    assert 'name="_save"' not in page
    assert admin.get(address("delete", draft.pk)).status_code == 403


def test_the_history_asks_as_much_for_many_as_for_few(admin):
    def count():
        with CaptureQueriesContext(connection) as queries:
            history(admin)
        return len(queries)

    draft_of()
    few = count()
    for _time in range(5):
        draft_of()

    assert count() == few
