"""Making a draft with a real model server: what it is made from, and what happens when it fails."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from telegrambot.accounts import erasure
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.tests.factories import InboundUpdateFactory, MessageFactory
from telegrambot.guides.tests.factories import GuideFactory
from telegrambot.inbox.desk import asking, choices, drafts, trials, work
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.drafting.exceptions import DraftingError
from telegrambot.inbox.models import DraftInProgress, DraftReply, HeldText, ModelCall, SystemPrompt
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import chat_with, said
from telegrambot.vault import settings_store
from tests.model_server.answers import CUT, Answer

pytestmark = pytest.mark.django_db

ANSWER = "We are open from nine to six, and a colleague is glad to help you."


@pytest.fixture
def server(server):
    server.usual = Answer(ANSWER)
    return server


def test_what_the_model_wrote_is_a_draft_with_its_costs(chosen, server, dialog):
    said(dialog, "When are you open?")

    work.make(dialog.pk)

    draft = DraftReply.objects.get()
    assert (draft.text, draft.status, draft.provider) == (ANSWER, "pending_approval", "openai")
    assert draft.prompt == SystemPrompt.objects.get()
    assert (draft.tokens_in, draft.tokens_out) == (120, 12)
    call = ModelCall.objects.get()
    assert (call.tokens_in, call.tokens_out, call.error) == (120, 12, "")
    assert "Always be brief." in server.received[0].said
    assert not DraftInProgress.objects.exists()
    assert not Message.objects.filter(priority=Priority.APPROVED_REPLY).exists()


def written(text=ANSWER, model="small", tokens_in=1, tokens_out=1):
    """An answer as the provider's only event says it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
    event = {"id": "1", "model": model, "choices": [choice], "usage": usage}
    return Answer(events=(f"data: {json.dumps(event)}",))


@pytest.mark.parametrize(
    "answer",
    [
        written(text=f"{ANSWER}\0 Bye."),
        written(text=f"{ANSWER}\ud83d Bye."),
        written(model="small\0er"),
        written(model="\ud83d"),
        written(model="/models/" + "small/" * 20),
        written(tokens_in=2**40, tokens_out=-5),
    ],
    ids=["nul", "half", "nul in the model", "half in the model", "long model", "counts"],
)
def test_an_odd_answer_is_a_draft_all_the_same(chosen, server, dialog, answer):
    server.usual = answer
    said(dialog, "When are you open?")

    work.make(dialog.pk)

    assert DraftReply.objects.get().text.startswith(ANSWER)
    assert ModelCall.objects.get().tokens_out >= 0


def test_a_character_that_comes_in_two_pieces_is_whole(chosen, server, dialog):
    pieces = (written(f"{ANSWER} \ud83c"), written("\udf89"))
    server.usual = Answer(events=tuple(event for piece in pieces for event in piece.events))
    said(dialog, "When are you open?")

    work.make(dialog.pk)

    assert DraftReply.objects.get().text == f"{ANSWER} 🎉"


def test_only_this_chat_and_what_its_person_may_read_reaches_the_model(chosen, server, dialog, olga):
    other = chat_with(TelegramUserFactory(first_name="Zacharias", last_name="Quimby", username="zquimby"))
    said(other, "My secret is a turquoise walrus.")
    rejected = DraftReplyFactory(dialog=other, suggested_response="Dear Zacharias, the walrus is fine.")
    drafts.reject(rejected, fault="tone", reason="Zacharias hates being called dear", actor=olga)
    GuideFactory(title="For admins", body="Opening hours of the vault: never.", minimum_role=Role.ADMIN)
    GuideFactory(title="Opening hours", body="Our opening hours are nine to six.")
    said(dialog, "What are your opening hours?")

    work.make(dialog.pk)

    read = server.received[0].said
    assert "What are your opening hours?" in read
    assert "nine to six" in read
    assert "the tone is not ours" in read
    for stranger in ("Zacharias", "Quimby", "zquimby", "walrus", "vault", "called dear"):
        assert stranger not in read


def test_what_the_person_told_the_bot_itself_is_left_out(chosen, server, dialog):
    said(dialog, "/start ad_secretcampaign")
    said(dialog, "When are you open?")

    work.make(dialog.pk)

    assert "secretcampaign" not in server.received[0].said


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=401, code="invalid_api_key"), "KeyRefused"),
        (Answer(finish="refusal"), "AnswerRefused"),
        (Answer(text="word " * 3000), "AnswerTooLong"),
        (Answer(text="Мы открыты с девяти до шести, приходите, будем очень рады."), "WrongLanguage"),
        (Answer(text="Please look at https://evil.example/login for the answer to that."), "LinkNotAllowed"),
    ],
)
def test_what_a_model_cannot_do_leaves_no_draft_and_shows(chosen, server, dialog, answer, error):
    server.usual = answer
    said(dialog, "When are you open, and what do you cost?", language="en")

    work.make(dialog.pk)

    assert not DraftReply.objects.exists()
    assert not DraftInProgress.objects.exists()
    assert ModelCall.objects.get().error == error
    dialog.refresh_from_db()
    assert dialog.last_processed_message_id is None  # the sweep finds it again


@pytest.mark.parametrize(
    "answer",
    [Answer(status=429, headers={"retry-after": "1"}), Answer(status=500), Answer(trouble=CUT), Answer("")],
)
def test_what_passes_by_itself_is_tried_again(chosen, server, dialog, answer):
    server.script(*[answer] * 3)
    said(dialog, "When are you open?")

    with pytest.raises(DraftingError):
        work.make(dialog.pk)
    assert not DraftReply.objects.exists()
    server._script.clear()
    work.make(dialog.pk)

    assert DraftReply.objects.get().text == ANSWER
    assert [bool(call.error) for call in ModelCall.objects.order_by("pk")] == [True, False]


def test_the_daily_limit_stops_drafting_and_says_so(chosen, server, dialog):
    settings_store.set("drafting.daily_tokens", 100, actor=None)
    said(dialog, "When are you open?")
    work.make(dialog.pk)
    assert DraftReply.objects.count() == 1
    said(dialog, "And on Monday?")

    work.make(dialog.pk)

    assert len(server.received) == 1
    assert DraftReply.objects.count() == 1
    assert ModelCall.objects.order_by("-pk")[0].error == "DailyLimitReached"


def test_a_person_who_writes_while_the_model_does_gets_another_draft(chosen, server, dialog, monkeypatch):
    said(dialog, "When are you open?")
    drafted = work.drafting.draft

    def interrupted(request, *args, **more):
        found = drafted(request, *args, **more)
        said(dialog, "No, wait: where are you?")
        return found

    monkeypatch.setattr(work.drafting, "draft", interrupted)
    work.make(dialog.pk)
    assert not DraftReply.objects.exists()
    monkeypatch.undo()

    work.make(dialog.pk)

    assert DraftReply.objects.count() == 1
    assert "where are you?" in server.received[-1].said


def test_a_person_who_is_erased_while_the_model_writes_leaves_only_what_it_cost(
    chosen, server, dialog, ann, monkeypatch
):
    said(dialog, "When are you open?")
    drafted = work.drafting.draft

    def interrupted(*args, **more):
        found = drafted(*args, **more)
        erasure.erase(ann)
        return found

    monkeypatch.setattr(work.drafting, "draft", interrupted)
    work.make(dialog.pk)

    connection.check_constraints()
    call = ModelCall.objects.get()
    assert (call.dialog, call.tokens_in, call.error) == (None, 120, "")
    assert not DraftReply.objects.exists()


def test_what_was_written_until_an_operator_stopped_it_has_to_be_paid(chosen, server, dialog):
    said(dialog, "When are you open?")

    with pytest.raises(asking.Cancelled):
        work.make(dialog.pk, is_cancelled=lambda: True)

    call = ModelCall.objects.get()
    assert (call.error, call.dialog) == ("BrokenOff", dialog)
    assert call.tokens_in > 0
    assert call.tokens_out > 0
    assert not DraftReply.objects.exists()
    assert not DraftInProgress.objects.exists()


def test_a_trial_whose_window_is_closed_has_to_be_paid_too(chosen, server, dialog):
    steps = trials.run(choices.for_dialog(dialog), "When are you open?")
    next(steps)
    steps.close()

    call = ModelCall.objects.get()
    assert (call.error, call.dialog) == ("BrokenOff", None)
    assert call.tokens_out > 0


def test_nobody_waits_then_no_model_is_asked(chosen, server, dialog):
    dialog.is_processing_enabled = False
    dialog.save()
    said(dialog, "When are you open?")

    work.make(dialog.pk)

    assert server.received == []
    assert not ModelCall.objects.exists()


def test_a_chat_without_history_is_answered_from_what_is_held_and_then_forgotten(
    chosen, server, customer, dialog, olga
):
    dialog.keep_history = False
    dialog.save()

    customer.send("My secret is a turquoise walrus. When are you open?")
    assert HeldText.objects.count() == 1
    work.make(dialog.pk)

    assert "turquoise walrus" in server.received[0].said
    draft = DraftReply.objects.get()
    drafts.reject(draft, actor=olga)
    draft.refresh_from_db()
    assert draft.text == ""

    drafts.redraft(dialog, actor=olga)
    work.make(dialog.pk)
    assert "turquoise walrus" in server.received[1].said
    approved = drafts.approve(DraftReply.objects.get(status="pending_approval"), actor=olga)
    assert HeldText.objects.exists()  # the sender may drop it still
    Message.objects.filter(pk=approved.message_id).update(status="sent")
    settle_drafts()
    assert not HeldText.objects.exists()


def test_an_operators_own_model_goes_before_everybodys(chosen, server, dialog, olga):
    choices.choose(olga, provider="built_in", actor=olga)
    GuideFactory(title="Opening hours", body="Our opening hours are nine to six.")
    asked = said(dialog, "What are your opening hours?")
    asked.dialog.conversations.update(assigned_to=olga)

    work.make(dialog.pk)

    assert DraftReply.objects.get().operator == olga
    assert server.received == []


@pytest.mark.parametrize("change", [{"role": Role.SUBSCRIBER}, {"is_active": False}])
def test_the_model_of_whoever_is_no_operator_any_more_reads_nothing(chosen, dialog, olga, change):
    choices.choose(olga, provider="ollama", model_name="llama", actor=olga)
    said(dialog, "When are you open?")
    dialog.conversations.update(assigned_to=olga)
    TelegramUser.objects.filter(pk=olga.pk).update(**change)

    assert choices.for_dialog(dialog).operator is None


def test_what_is_not_handled_yet_is_waited_for(chosen, server, dialog):
    said(dialog, "When are you open?")
    update = InboundUpdateFactory(dialog=dialog, status="pending")

    work.make(dialog.pk)
    assert server.received == []

    update.status = "done"
    update.save()
    work.make(dialog.pk)
    assert DraftReply.objects.count() == 1


def test_an_old_message_that_comes_late_is_not_drafted_for_again_and_again(chosen, server, dialog):
    now = timezone.now()
    for number in range(61):
        said(dialog, f"Message {number}", now - timedelta(minutes=100 - number))
    # Edited now, and never heard of before.
    yesterday = now - timedelta(days=1)
    MessageFactory(dialog=dialog, direction="inbound", status="delivered", text="Late", timestamp=yesterday)

    work.make(dialog.pk)
    work.make(dialog.pk)

    assert DraftReply.objects.count() == 1
    assert len(server.received) == 1
