"""Erasing a person: who may not, in which steps, and what others do meanwhile."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.context import acting
from audit.models import EventLog
from telegrambot.accounts import erasure, services
from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.claims import claim_ownership, create_owner_claim, hash_code
from telegrambot.accounts.exceptions import LastOwner, OwnersOnly, TeamMember
from telegrambot.accounts.models import OwnerClaim, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tasks import erase_person
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine import intake
from telegrambot.engine.dispatch import Dispatcher
from telegrambot.engine.identity import offline_bot
from telegrambot.engine.models import Dialog, InboundUpdate, Message, ProcessedMessage
from telegrambot.engine.settlement import Outcome, settle
from telegrambot.engine.testing import BOT_ID, ChatClient
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory

in_transaction = pytest.mark.django_db
for_real = pytest.mark.django_db(transaction=True)
Status = Message.Status


def jobs() -> list[tuple[str, dict[str, str]]]:
    found = ProcrastinateJob.objects.filter(task_name=erase_person.name).order_by("pk")
    return [(job.status, job.args) for job in found]


def is_known(person: TelegramUser) -> bool:
    return TelegramUser.objects.filter(pk=person.pk).exists()


# ── Who may not be erased, and who may not erase ──────────────────────────────────────────────────────────


@in_transaction
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_the_team_is_not_erased(role):
    TelegramUserFactory(role=Role.OWNER)
    person = TelegramUserFactory(role=role)
    MessageFactory(dialog__person=person)

    with pytest.raises(TeamMember):
        erasure.request(person, actor=person)
    with pytest.raises(TeamMember):
        erasure.erase(person)

    assert jobs() == []
    assert is_known(person)
    assert Message.objects.get().text


@in_transaction
def test_whoever_has_an_account_is_not_erased_before_it_is_unlinked():
    person = TelegramUserFactory(staff=UserFactory())
    with pytest.raises(TeamMember):
        erasure.request(person, actor=person)

    services.link_staff(person, None, actor=None)
    erasure.erase(person)

    assert not is_known(person)


@in_transaction
def test_the_last_owner_reads_that_they_are_the_last():
    person = TelegramUserFactory(role=Role.OWNER, first_name="Olga", last_name="")

    with pytest.raises(LastOwner, match="Olga is the last owner"):
        erasure.request(person, actor=person)


@in_transaction
@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN])
def test_others_are_erased_by_owners_only(role):
    person = TelegramUserFactory()

    with pytest.raises(OwnersOnly):
        erasure.request(person, actor=TelegramUserFactory(role=role))

    assert jobs() == []


@in_transaction
def test_somebody_who_joined_the_team_meanwhile_is_kept():
    person = TelegramUserFactory()
    asked = TelegramUser.objects.get(pk=person.pk)
    TelegramUser.objects.filter(pk=person.pk).update(role=Role.ADMIN)

    with pytest.raises(TeamMember):
        erasure.erase(asked)

    assert is_known(person)
    assert not EventLog.objects.filter(action="accounts.person.erased").exists()


@in_transaction
def test_a_former_owner_is_erased_and_what_they_made_stays():
    TelegramUserFactory(role=Role.OWNER)
    person = TelegramUserFactory()
    claim_ownership(hash_code(create_owner_claim()), person)
    broadcast = Broadcast.objects.create(title="Easter", created_by=person)
    services.change_role(person, Role.PUBLIC, actor=None)

    erasure.erase(person)

    assert not is_known(person)
    assert OwnerClaim.objects.get().claimed_by is None
    assert Broadcast.objects.get(pk=broadcast.pk).created_by is None
    connection.check_constraints()


# ── Asked once, done once ─────────────────────────────────────────────────────────────────────────────────


@in_transaction
def test_asked_twice_is_one_job_that_holds_numbers_only():
    owner = TelegramUserFactory(role=Role.OWNER)
    person = TelegramUserFactory()

    erasure.request(person, actor=person)
    erasure.request(person, actor=owner)

    assert jobs() == [("todo", {"person_id": str(person.pk), "actor_id": str(person.pk)})]


@in_transaction
def test_it_is_the_doing_of_whoever_asked():
    owner = TelegramUserFactory(role=Role.OWNER)
    person = TelegramUserFactory()

    with acting(user_id=actor_id(owner)):
        erase_person(person_id=str(person.pk), actor_id=actor_id(owner))
        erase_person(person_id=str(person.pk), actor_id=actor_id(owner))

    event = EventLog.objects.get(action="accounts.person.erased")
    assert (event.user_id, event.entity_id) == (str(owner.pk), str(person.pk))
    assert not erasure.erase(person)


@in_transaction
def test_much_goes_in_batches(monkeypatch):
    monkeypatch.setattr(erasure, "BATCH", 10)
    dialog, other = DialogFactory(), DialogFactory()
    group = DialogFactory(person=None, title="All", telegram_dialog_id="-1", type=Dialog.Type.GROUP)
    MessageFactory.create_batch(25, dialog=dialog)
    MessageFactory.create_batch(25, dialog=group, person=dialog.person)
    kept = MessageFactory(dialog=other)

    erasure.erase(dialog.person)

    assert list(Message.objects.exclude(text="")) == [kept]
    assert Message.objects.filter(dialog=group, person=None, payload={}).count() == 25


@in_transaction
def test_cut_off_in_the_middle_it_goes_on_where_it_was(monkeypatch):
    dialog = DialogFactory()
    MessageFactory.create_batch(3, dialog=dialog)
    monkeypatch.setattr(erasure, "record", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erasure.erase(dialog.person)
    assert is_known(dialog.person)
    assert not Message.objects.exists()
    monkeypatch.undo()

    assert erasure.erase(dialog.person)

    assert not is_known(dialog.person)
    assert not Dialog.objects.exists()


# ── What waits to be sent, and what is being sent ─────────────────────────────────────────────────────────


@in_transaction
def test_what_waits_never_leaves():
    owner = TelegramUserFactory(role=Role.OWNER)
    dialog = DialogFactory()
    MessageFactory(dialog=dialog, status=Status.QUEUED)
    notice = MessageFactory(dialog__person=owner, about=dialog.person, status=Status.QUEUED, text="Ann asks")

    erasure.erase(dialog.person)

    assert list(Message.objects.all()) == [notice]
    notice.refresh_from_db()
    assert (notice.status, notice.text, notice.about, notice.person) == (Status.CANCELLED, "", None, owner)


@in_transaction
@pytest.mark.parametrize(("status", "blocked"), [("sent", False), ("failed", True), ("queued", False)])
def test_what_is_being_sent_is_settled_without_a_trace(status, blocked):
    token = "4d3f6f1e-0000-4000-8000-000000000001"
    message = MessageFactory(status=Status.SENDING, claim_token=token)

    erasure.erase(message.person)
    settle([Outcome(message.pk, token, message.dialog_id, status, blocked=blocked, limited=5.0)])

    assert not Message.objects.exists()
    assert not Dialog.objects.exists()


# ── With others at work ───────────────────────────────────────────────────────────────────────────────────


class Elsewhere(threading.Thread):
    """Work in another connection."""

    def __init__(self, work) -> None:
        super().__init__(daemon=True)
        self._work, self.result = work, None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        finally:
            connections.close_all()

    def done(self):
        self.join(20)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.result


def until_somebody_waits() -> None:
    """Return when another connection waits for a lock."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.05)
    raise AssertionError("Nobody waits.")


def update(number: int, telegram_id: int, text: str) -> dict:
    sender = {"id": telegram_id, "is_bot": False, "first_name": "Ann"}
    chat = {"id": telegram_id, "type": "private", "first_name": "Ann"}
    message = {"message_id": number, "date": 1, "chat": chat, "from": sender, "text": text}
    return {"update_id": number, "message": message}


@pytest.fixture
def ann():
    client = ChatClient(telegram_id=4242)
    client.send("/start")
    return TelegramUser.objects.get(telegram_id=4242)


@for_real
def test_a_message_that_is_being_handled_is_answered_first_and_then_erased(ann):
    dispatcher = Dispatcher(offline_bot(BOT_ID, "test_bot"))
    intake.store([update(900_001, 4242, "/help")], bot_id=BOT_ID, source=InboundUpdate.Source.SANDBOX)

    with transaction.atomic():
        batch = dispatcher.run_once()
        erasing = Elsewhere(lambda: erasure.erase(ann))
        until_somebody_waits()
    erasing.done()
    dispatcher.close()

    assert batch.handled == 1
    assert not TelegramUser.objects.filter(telegram_id=4242).exists()
    assert not Message.objects.filter(dialog__telegram_dialog_id="4242").exists()
    assert not ProcessedMessage.objects.filter(message_id__startswith="msg::4242:").exists()


@for_real
def test_a_message_stored_before_it_ends_is_erased_with_the_rest(ann):
    with transaction.atomic():
        intake.store([update(900_002, 4242, "marzipan")], bot_id=BOT_ID, source=InboundUpdate.Source.SANDBOX)
        erasing = Elsewhere(lambda: erasure.erase(ann))
        until_somebody_waits()
    erasing.done()

    assert not TelegramUser.objects.filter(telegram_id=4242).exists()
    assert not Dialog.objects.filter(telegram_dialog_id="4242").exists()
    stored = InboundUpdate.objects.get(update_id=900_002)
    assert (stored.status, stored.payload, stored.dialog) == ("done", None, None)


@for_real
def test_a_message_that_comes_while_it_ends_is_a_strangers(ann):
    with transaction.atomic():
        erasure.erase(ann)
        arriving = Elsewhere(
            lambda: intake.store(
                [update(900_003, 4242, "marzipan")], bot_id=BOT_ID, source=InboundUpdate.Source.SANDBOX
            )
        )
        until_somebody_waits()
    arriving.done()

    stranger = TelegramUser.objects.get(telegram_id=4242)
    assert stranger.pk != ann.pk
    assert Dialog.objects.get(telegram_dialog_id="4242").person == stranger
    assert Message.objects.get(text="marzipan").person == stranger


@for_real
def test_two_who_erase_at_once_erase_once(ann):
    with transaction.atomic():
        assert erasure.erase(ann)
        second = Elsewhere(lambda: erasure.erase(TelegramUser(pk=ann.pk, telegram_id=4242)))
        until_somebody_waits()

    assert second.done() is False
    assert EventLog.objects.filter(action="accounts.person.erased").count() == 1
