"""The tables hold by themselves, for psql and any other program too."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, transaction

from config.schema import DatabaseCascade, TimestampedModel
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory
from telegrambot.engine.models import Dialog, DialogPace, InboundUpdate, Message
from telegrambot.engine.tasks import count_commands
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory, MessageFactory

pytestmark = pytest.mark.django_db

# All that an INSERT has to say; the database fills in the rest.
LEAST = {
    "accounts_user": {"username": "ann", "password": "!"},
    "accounts_telegramuser": {},
    "accounts_botcommand": {
        "command": "new",
        "description_en": "x",
        "description_ru": "x",
        "minimum_role": 0,
        "code_role": 0,
    },
    "accounts_ownerclaim": {"code_hash": "a" * 64, "expires_at": "2030-01-01Z"},
    "accounts_authenticationdata": {"kind": "platform", "name": "x", "encrypted_credentials": ""},
    "engine_botidentity": {"bot_id": 7, "username": "x", "is_sandbox": True},
    "engine_commandmenu": {"scope": "default", "language": "", "digest": "x"},
    "engine_dialog": {"bot_id": 7, "telegram_dialog_id": "1"},
    "engine_dialogpace": {"dialog_id": "dialog"},
    "engine_failurekind": {"kind": "x"},
    "engine_fetchedmedia": {
        "message_id": "message",
        "is_thumbnail": False,
        "content_type": "image/png",
        "content": b"x",
    },
    "engine_heartbeat": {"service": "x", "holder": "x"},
    "engine_inboundupdate": {
        "bot_id": 7,
        "update_id": 1,
        "source": "polling",
        "kind": "message",
        "payload": "{}",
    },
    "engine_jobfailure": {"job_id": "job", "error": "x"},
    "engine_message": {"dialog_id": "dialog", "direction": "inbound"},
    "engine_outgoingfile": {"name": "x", "content": b"x"},
    "engine_processedmessage": {"message_id": "x"},
    "engine_ratebucket": {"name": "x"},
    "engine_rollupcursor": {"name": "x"},
}
MODELS = [
    model
    for label in ("accounts", "engine")
    for model in apps.get_app_config(label).get_models()
    if not model._meta.proxy
]


def insert(table: str, values: dict) -> None:
    made = {
        "dialog": lambda: DialogFactory().pk,
        "message": lambda: MessageFactory().pk,
        "job": lambda: count_commands.configure().defer(timestamp=0),
    }
    known = {name: made[value]() if value in made else value for name, value in values.items()}
    names, places = ", ".join(known), ", ".join(["%s"] * len(known))
    columns = f"({names}) VALUES ({places})" if known else "DEFAULT VALUES"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} {columns}", list(known.values()))


def insert_now(table: str, values: dict) -> None:
    """Insert, and check what PostgreSQL would check at the commit only."""
    insert(table, values)
    connection.check_constraints()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.db_table)
def test_the_database_has_every_default(model):
    table = model._meta.db_table
    insert(table, LEAST[table])
    row = model._default_manager.order_by("pk").last()
    for field in model._meta.concrete_fields:
        if not field.null and field.name in {"created_at", "updated_at", "not_before", "timestamp"}:
            assert getattr(row, field.attname) is not None


def test_what_an_insert_leaves_out_means_what_the_models_say():
    insert("accounts_telegramuser", {"telegram_id": 5})
    insert("engine_message", LEAST["engine_message"])
    message = Message.objects.get()
    assert (message.status, message.operation, message.priority, message.payload) == ("queued", "send", 0, {})
    assert (message.text, message.platform, message.attempts) == ("", "telegram", 0)
    insert("engine_inboundupdate", LEAST["engine_inboundupdate"])
    update = InboundUpdate.objects.get()
    assert (update.status, update.attempts, update.error, update.command) == ("pending", 0, "", "")


@pytest.mark.parametrize(
    "model", [model for model in MODELS if issubclass(model, TimestampedModel)], ids=lambda m: m.__name__
)
def test_updated_at_moves_with_every_update(model):
    table = model._meta.db_table
    insert(table, LEAST[table])
    row = model._default_manager.order_by("pk").last()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET created_at = created_at, updated_at = '2000-01-01' WHERE id = %s", [row.pk]
        )
    changed = model._default_manager.get(pk=row.pk)
    assert changed.updated_at > row.updated_at
    assert changed.created_at == row.created_at


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("accounts_telegramuser", {"role": 4}),
        ("accounts_telegramuser", {"role": -1}),
        ("accounts_botcommand", {"minimum_role": 0, "code_role": 2}),
        ("accounts_botcommand", {"minimum_role": 9}),
        ("accounts_botcommand", {"command": "help"}),
        ("engine_botidentity", {"id": 2}),
        ("engine_dialog", {"type": "hologram"}),
        ("engine_dialog", {"person_id": "00000000-0000-0000-0000-000000000001"}),
        ("engine_inboundupdate", {"status": "lost"}),
        ("engine_inboundupdate", {"source": "pigeon"}),
        ("engine_inboundupdate", {"dialog_id": 0}),
        ("engine_inboundupdate", {"kind": None}),
        ("engine_message", {"dialog_id": 0}),
        ("engine_message", {"direction": "sideways"}),
        ("engine_message", {"status": "lost"}),
        ("engine_message", {"priority": 10}),
        ("engine_message", {"operation": "edit"}),
        ("engine_message", {"operation": "shout"}),
        ("engine_message", {"target_id": 1}),
        ("engine_message", {"text": None}),
    ],
)
def test_a_wrong_row_is_refused(table, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_now(table, LEAST[table] | wrong)


@pytest.mark.parametrize(("table", "long"), [("engine_dialog", "title"), ("engine_inboundupdate", "kind")])
def test_what_is_too_long_is_refused(table, long):
    with pytest.raises(DataError), transaction.atomic():
        insert(table, LEAST[table] | {long: "x" * 300})


@pytest.mark.parametrize(
    ("table", "more"),
    [
        ("accounts_telegramuser", {"telegram_id": 5}),
        ("accounts_user", {}),
        ("engine_dialog", {}),
        ("engine_inboundupdate", {}),
        ("engine_message", {"dedupe_key": "x"}),
        ("engine_commandmenu", {}),
        ("engine_processedmessage", {}),
    ],
)
def test_the_same_again_is_refused(table, more):
    insert(table, LEAST[table] | more)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(table, LEAST[table] | more)


def test_one_message_of_a_chat_is_in_flight():
    first = MessageFactory(status="sending")
    MessageFactory(status="sending")
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageFactory(dialog=first.dialog, status="sending")


def _delete(row) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        connection.check_constraints()


def test_the_database_itself_deletes_what_belongs_to_a_chat():
    dialog, other = DialogFactory(), DialogFactory()
    for chat in (dialog, other):
        original = MessageFactory(dialog=chat)
        MessageFactory(dialog=chat, operation="edit", target=original)
        InboundUpdateFactory(dialog=chat)
        DialogPace.objects.create(dialog=chat)

    _delete(dialog)

    for model, left in ((Message, 2), (InboundUpdate, 1), (DialogPace, 1)):
        assert set(model.objects.values_list("dialog", flat=True)) == {other.pk}
        assert model.objects.count() == left


def test_changes_go_with_the_message_they_change():
    original = MessageFactory()
    MessageFactory(dialog=original.dialog, operation="edit", target=original)
    _delete(original)
    assert not Message.objects.exists()


def test_history_outlives_the_person_it_names():
    person = TelegramUserFactory()
    message = MessageFactory(dialog=DialogFactory(), person=person)
    _delete(person)
    message.refresh_from_db()
    assert message.person is None
    assert Dialog.objects.exists()


def test_factories_and_rows_of_accounts_agree():
    assert UserFactory().updated_at is not None
    assert BotCommandFactory().times_used == 0


def test_a_cascade_is_one_of_two_kinds():
    with pytest.raises(ValueError, match="neither"):
        DatabaseCascade("Message", "dialog", "EXPLODE")
    assert "CASCADE Message.dialog" in DatabaseCascade("Message", "dialog").describe()
