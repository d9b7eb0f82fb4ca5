"""Opening, keeping, counting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.guides import services
from telegrambot.guides.exceptions import GuideNotFound, GuideNotSaved
from telegrambot.guides.models import Guide, GuideCover, GuideView, SavedGuide
from telegrambot.guides.tasks import count_guide_views
from telegrambot.guides.tests.factories import GuideFactory, SavedGuideFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return TelegramUserFactory()


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_an_opening_is_noted_and_counted_once(reader):
    guide, other = GuideFactory(), GuideFactory()
    saved = SavedGuideFactory(user=reader, guide=guide)
    strangers = SavedGuideFactory(guide=guide)
    for _ in range(3):
        services.open_guide(guide.pk, actor=reader)

    count_guide_views(0)
    count_guide_views(0)

    assert fresh(guide).views_count == 3
    assert fresh(other).views_count == 0
    assert (fresh(saved).times_viewed, fresh(strangers).times_viewed) == (3, 0)
    assert fresh(saved).last_viewed_at is not None
    assert not GuideView.objects.exists()


def test_counting_goes_in_steps(reader):
    guide = GuideFactory()
    for _ in range(5):
        services.open_guide(guide.pk, actor=reader)

    assert services.count_views(limit=2) == 2
    assert fresh(guide).views_count == 2
    assert GuideView.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_openings_are_counted_exactly_while_readers_read_and_others_count():
    guides, readers = GuideFactory.create_batch(2), TelegramUserFactory.create_batch(4)

    def read(reader: TelegramUser) -> None:
        try:
            for number in range(20):
                services.open_guide(guides[number % 2].pk, actor=reader)
        finally:
            connections.close_all()

    def count(_: int) -> None:
        try:
            for _number in range(10):
                services.count_views(limit=7)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        for done in [
            *[pool.submit(read, reader) for reader in readers],
            *[pool.submit(count, n) for n in (1, 2)],
        ]:
            done.result()
    while services.count_views():
        pass

    assert [fresh(guide).views_count for guide in guides] == [40, 40]
    assert not GuideView.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_counting_leaves_the_work_to_whoever_is_at_it():
    services.open_guide(GuideFactory().pk, actor=TelegramUserFactory())

    def count() -> int:
        try:
            return services.count_views()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", [services._COUNTING_LOCK])
        assert pool.submit(count).result() == 0
        cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [services._COUNTING_LOCK])
    assert GuideView.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        lambda saved: Guide.objects.filter(pk=saved.guide_id).update(title="Changed"),
        lambda saved: services.mark_read(saved.guide_id, actor=saved.user),
        lambda saved: GuideView.objects.filter(guide=saved.guide_id).delete(),
    ],
    ids=["a guide", "an entry of a collection", "openings"],
)
def test_counting_passes_over_what_somebody_is_changing(change):
    held, other = SavedGuideFactory(), GuideFactory()
    for guide in (held.guide, other):
        services.open_guide(guide.pk, actor=held.user)

    def count() -> None:
        try:
            count_guide_views(0)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change(held)
            pool.submit(count).result(timeout=10)
            transaction.set_rollback(True)
        assert [fresh(guide).views_count for guide in (held.guide, other)] == [0, 1]
        pool.submit(count).result(timeout=10)
    assert fresh(held).times_viewed == fresh(held.guide).views_count == 1
    assert not GuideView.objects.exists()


def test_saving_a_guide_keeps_what_was_counted_meanwhile(reader):
    guide = GuideFactory()
    stale = fresh(guide)
    services.open_guide(guide.pk, actor=reader)
    services.count_views()

    stale.title = "Another title"
    stale.save()

    assert fresh(guide).views_count == 1
    assert fresh(guide).title == "Another title"


@pytest.mark.parametrize("closed", [{"is_active": False}, {"minimum_role": Role.SUBSCRIBER}])
def test_what_one_may_not_read_is_neither_opened_nor_saved(reader, closed):
    guide = GuideFactory(**closed)

    for use in (services.open_guide, services.save_guide):
        with pytest.raises(GuideNotFound):
            use(guide.pk, actor=reader)

    assert not GuideView.objects.exists()
    assert not SavedGuide.objects.exists()


def test_a_guide_that_is_not_there(reader):
    with pytest.raises(GuideNotFound, match="not available any more"):
        services.open_guide(uuid4(), actor=reader)


def test_saving_twice_keeps_one_entry_and_what_was_read(reader):
    guide = GuideFactory()
    services.save_guide(guide.pk, actor=reader)
    services.mark_read(guide.pk, actor=reader)

    services.save_guide(guide.pk, actor=reader)

    assert SavedGuide.objects.get().is_read is True


def test_removing_takes_the_readers_own_entry_only(reader):
    mine = SavedGuideFactory(user=reader)
    theirs = SavedGuideFactory(guide=mine.guide)

    services.remove_guide(mine.guide_id, actor=reader)

    assert list(SavedGuide.objects.all()) == [theirs]


def test_only_saved_guides_can_be_marked(reader):
    theirs = SavedGuideFactory()

    with pytest.raises(GuideNotSaved):
        services.mark_read(theirs.guide_id, actor=reader)

    assert fresh(theirs).is_read is False


def test_guides_are_shown_and_hidden_in_bulk():
    shown, hidden = GuideFactory(), GuideFactory(is_active=False)

    assert services.set_active([shown.pk, hidden.pk], False, actor=None) == 1
    assert not Guide.objects.filter(is_active=True).exists()


def test_a_cover_is_replaced_and_removed():
    guide = GuideFactory()
    services.set_cover(guide, "a.png", b"one", actor=None)
    services.set_cover(guide, "b.png", b"two", actor=None)
    assert bytes(GuideCover.objects.get().content) == b"two"

    services.remove_cover(guide, actor=None)
    services.remove_cover(guide, actor=None)
    assert not GuideCover.objects.exists()


def test_a_guide_that_is_gone_gets_no_cover():
    guide = GuideFactory()
    Guide.objects.filter(pk=guide.pk).delete()
    with pytest.raises(Guide.DoesNotExist):
        services.set_cover(guide, "a.png", b"one", actor=None)
