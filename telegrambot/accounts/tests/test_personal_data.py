"""Every table that might tell of people is declared, or says why not."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import QuerySet

from telegrambot.accounts import data_export, personal_data
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding, exempt, register
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.testing import ChatClient


def test_no_table_is_forgotten():
    forgotten = [model._meta.label for model in personal_data.undeclared()]

    assert forgotten == [], "declare their rows in the app's personal_data.py, or say why there are none"


def test_no_table_is_exempt_without_need():
    assert personal_data.stale_exemptions() == []


def test_a_table_nobody_declares_is_found(monkeypatch):
    monkeypatch.setattr(
        personal_data,
        "_holdings",
        {name: found for name, found in personal_data._holdings.items() if not name.startswith("guides.")},
    )

    assert {model._meta.label for model in personal_data.undeclared()} >= {
        "guides.GuideView",
        "guides.SavedGuide",
    }


def test_a_name_and_an_exemption_are_given_once():
    taken = Holding("accounts.person", TelegramUser, "You", lambda person: TelegramUser.objects.none())

    with pytest.raises(ValueError, match="called accounts"):
        register(taken)
    with pytest.raises(ValueError, match="already"):
        exempt("guides.Guide", "Another reason.")


def test_the_person_goes_last():
    last = personal_data.holdings()[-1]

    assert last.model is TelegramUser
    assert last.blank is None


@pytest.mark.django_db
@pytest.mark.parametrize("holding", personal_data.holdings(), ids=lambda holding: holding.name)
def test_rows_are_of_the_model_and_columns_exist(holding):
    rows = holding.rows(TelegramUserFactory(telegram_id=None))

    assert isinstance(rows, QuerySet)
    assert rows.model is holding.model
    if holding.fields:
        list(rows.values_list(*holding.fields))
    for name in (*(holding.blank or {}), *filter(None, [holding.arrives_by])):
        holding.model._meta.get_field(name)


@pytest.mark.django_db
def test_the_database_itself_takes_along_what_hangs_on_deleted_rows():
    """Many rows are deleted without asking Django what hangs on them."""
    bulky = [found for found in personal_data.holdings() if found.is_bulky and found.blank is None]
    deleted = {found.model._meta.db_table for found in bulky}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = confrelid "
            "WHERE contype = 'f' AND confdeltype NOT IN ('c', 'n') AND relname = ANY(%s)",
            [sorted(deleted)],
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_what_is_kept_is_named_in_words():
    ann = TelegramUserFactory()
    ChatClient(ann).send("/start")

    titles = data_export.titles(ann)

    assert titles[0] == "Profile"
    assert {"Messages", "Chats"} <= set(titles)
    assert "Saved guides" not in titles
    assert len(titles) == len(set(titles))
