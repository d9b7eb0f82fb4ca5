"""The lists of the inbox, and who looks at what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox import answering, lists, presence, services
from telegrambot.inbox.lists import Counts, Tab
from telegrambot.inbox.models import Conversation, Presence
from telegrambot.inbox.tests.factories import operator, said, waiting

pytestmark = pytest.mark.django_db


def listed(tab, words="", actor=None):
    return list(lists.listed(tab, words=words, actor=actor))


def test_each_tab_lists_its_own():
    olga = operator()
    now = timezone.now()
    late, early = DialogFactory(), DialogFactory()
    said(late, moment=now - timedelta(minutes=1))
    said(early, moment=now - timedelta(hours=1))
    answered, closed, own = waiting(), waiting(), waiting()
    answering.answer(answered, "Yes", key="1", actor=None)
    services.close(closed, actor=None)
    answering.answer(own, "Yes", key="1", actor=None)
    services.assign(own, olga, actor=olga)

    assert [row.dialog for row in listed(Tab.WAITING)] == [early, late]
    assert listed(Tab.MINE, actor=olga) == [own]
    assert listed(Tab.MINE) == []
    assert {row.dialog for row in listed(Tab.UNREAD)} == {early, late}
    assert {row.pk for row in listed(Tab.OPEN)} == {
        row.pk for row in Conversation.objects.filter(is_active=True)
    }
    assert listed(Tab.CLOSED) == [closed]
    assert len(listed(Tab.ALL)) == 5
    activity = [row.last_activity for row in listed(Tab.ALL)]
    assert activity == sorted(activity, reverse=True)
    assert lists.counts(olga) == Counts(waiting=2, mine=1, unread=2)
    assert lists.counts(None).mine == 0


def test_what_was_said_last_is_shown_without_another_query(django_assert_num_queries):
    for number in range(3):
        found = waiting(f"Question {number}")
        answering.answer(found, f"Answer {number}", key="1", actor=None)
    with django_assert_num_queries(1):
        rows = listed(Tab.ALL)
        shown = {(row.last_text, row.last_direction, str(row.dialog.person)) for row in rows}

    assert {text for text, _direction, _person in shown} == {"Answer 0", "Answer 1", "Answer 2"}
    assert {direction for _text, direction, _person in shown} == {"outbound"}


def test_people_are_found_by_name_and_by_what_they_said():
    ann = DialogFactory(person=TelegramUserFactory(first_name="Anneliese", username="liese"))
    said(ann, "Здравствуйте, где моя посылка?")
    said(DialogFactory(), "Do you deliver parcels?")

    assert [row.dialog for row in listed(Tab.WAITING, "anne")] == [ann]
    assert [row.dialog for row in listed(Tab.ALL, "@liese")] == [ann]
    assert [row.dialog for row in listed(Tab.ALL, str(ann.person.telegram_id))] == [ann]
    assert [row.dialog for row in listed(Tab.ALL, "посылки")] == [ann]
    assert [row.last_text for row in listed(Tab.ALL, "parcel")] == ["Do you deliver parcels?"]
    assert listed(Tab.CLOSED, "parcel") == []
    assert listed(Tab.ALL, "zebra") == []


def test_of_a_chat_without_history_nothing_is_shown():
    dialog = DialogFactory(keep_history=False)
    said(dialog, "")

    (row,) = listed(Tab.WAITING)

    assert (row.last_text, row.last_direction) == ("", "inbound")


# ── Who looks ─────────────────────────────────────────────────────────────────────────────────────────────


def test_two_operators_in_one_conversation_see_each_other():
    found = waiting()
    olga, boris = operator(first_name="Olga", last_name=""), operator(first_name="Boris", last_name="")

    assert presence.beat(found, actor=olga) == []
    (other,) = presence.beat(found, is_typing=True, actor=boris)
    assert (other.name, other.is_typing) == ("Olga", False)
    (other,) = presence.beat(found, actor=olga)
    assert (other.name, other.is_typing) == ("Boris", True)

    presence.leave(found, actor=boris)

    assert presence.others(found, actor=olga) == []
    assert presence.beat(waiting(), actor=olga) == []


def test_who_is_silent_for_a_while_is_gone():
    found, olga, boris = waiting(), operator(), operator()
    presence.beat(found, actor=boris)
    Presence.objects.update(seen_at=timezone.now() - timedelta(seconds=31))

    assert presence.beat(found, actor=olga) == []
    assert presence.forget_gone() == 1
    assert Presence.objects.get().who == str(olga.pk)


def test_beats_cost_the_same_however_many_look(django_assert_num_queries):
    found, olga = waiting(), operator()
    for _number in range(4):
        presence.beat(found, actor=operator())
    with django_assert_num_queries(5):  # two of them are the savepoint
        assert len(presence.beat(found, actor=olga)) == 4


def test_a_beat_for_what_is_gone_does_nothing():
    found = waiting()
    Conversation.objects.all().delete()

    assert presence.beat(found, actor=operator()) == []
    assert not Presence.objects.exists()
    assert Message.objects.exists()
