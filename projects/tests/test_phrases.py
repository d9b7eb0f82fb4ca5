"""What people say about projects, and what is understood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.phrases import INTENTS, completed, meaning
from projects.state_words import (
    FEATURE_STATES,
    feature_goal,
    feature_state,
    release_goal,
    release_state,
)
from projects.statuses import FeatureStatus, ReleaseStatus

SAID = {
    "ask_undo": [
        ("Отмени последнее", {}),
        ("отмени последнее изменение!", {}),
        ("Отменить последнее действие", {}),
        ("откати последнюю правку", {}),
        ("верни всё как было", {}),
        ("undo", {}),
        ("Undo last", {}),
        ("undo the last change.", {}),
        ("please undo that", {}),
    ],
    "say_switch": [
        ("Переключись на проект Альфа", {"name": "Альфа"}),
        ("Переключись на проект «Новый сайт».", {"name": "«Новый сайт»"}),
        ("переключи меня на проект Альфа", {"name": "Альфа"}),
        ("вернись к проекту Альфа", {"name": "Альфа"}),
        ("Пожалуйста, перейди к проекту Альфа", {"name": "Альфа"}),
        ("открой проект Альфа", {"name": "Альфа"}),
        ("switch to project Alpha", {"name": "Alpha"}),
        ("Switch back to the project “New site”", {"name": "“New site”"}),
        ("switch to the Alpha project", {"name": "Alpha"}),
        ("open project Alpha", {"name": "Alpha"}),
    ],
    "say_create_project": [
        ("создай проект X", {"name": "X"}),
        ("Создай новый проект под названием «Сайт»", {"name": "«Сайт»"}),
        ("новый проект: Сайт", {"name": "Сайт"}),
        ("создай проект Альфа, пожалуйста", {"name": "Альфа"}),
        ("создай проект", {}),
        ("create project X", {"name": "X"}),
        ("create a new project called X", {"name": "X"}),
        ("create project X please!", {"name": "X"}),
        ("create project X, thank you", {"name": "X"}),
        ("new project", {}),
    ],
    "say_archive": [
        ("архивируй проект X", {"name": "X"}),
        ("удали проект X", {"name": "X"}),
        ("delete the project X", {"name": "X"}),
        ("отправь проект X в архив", {"name": "X"}),
        ("отправь проект в архив", {}),
        ("archive project X", {"name": "X"}),
        ("archive the project", {}),
    ],
    "say_restore": [
        ("верни проект X из архива", {"name": "X"}),
        ("восстанови проект X", {"name": "X"}),
        ("restore project X", {"name": "X"}),
    ],
    "say_pause": [
        ("поставь проект на паузу", {}),
        ("поставь проект X на паузу", {"name": "X"}),
        ("pause project X", {"name": "X"}),
        ("pause the project", {}),
    ],
    "say_resume": [("возобнови проект", {}), ("resume project X", {"name": "X"})],
    "say_rename_project": [
        ("переименуй проект в Бета", {"new": "Бета"}),
        ("переименуй проект Альфа в Бета", {"both": "Альфа в Бета"}),
        ("rename the project to Beta", {"new": "Beta"}),
        ("rename project Alpha to Beta", {"both": "Alpha to Beta"}),
    ],
    "say_put": [
        ("перенеси фичу Вход в релиз 1.2", {"name": "Вход", "version": "1.2"}),
        ("перенеси фичу Вход в систему в релиз 1.2", {"name": "Вход в систему", "version": "1.2"}),
        ("включи фичу «Вход» в релиз «Осень 2026»", {"name": "«Вход»", "version": "«Осень 2026»"}),
        ("фича Вход идёт в релиз 1.2", {"name": "Вход", "version": "1.2"}),
        ("фича Вход — в релиз 1.2", {"name": "Вход", "version": "1.2"}),
        ("put feature Login into release 1.2", {"name": "Login", "version": "1.2"}),
        ("move feature Login to the release 1.2.", {"name": "Login", "version": "1.2"}),
        ("feature Login goes into version 1.2", {"name": "Login", "version": "1.2"}),
        ("feature “Not found” goes into version 1.2", {"name": "“Not found”", "version": "1.2"}),
    ],
    "say_take_out": [
        ("убери фичу Вход из релиза", {"name": "Вход"}),
        ("убери фичу Вход из релиза, пожалуйста", {"name": "Вход"}),
        ("убери фичу Вход из релиза 1.2", {"name": "Вход", "version": "1.2"}),
        ("убери фичу Вход из релиза «Осень 2026»", {"name": "Вход", "version": "«Осень 2026»"}),
        ("remove feature Login from the release", {"name": "Login"}),
        ("remove feature Login from the release please", {"name": "Login"}),
        ("take feature Login out of release 1.2", {"name": "Login", "version": "1.2"}),
    ],
    "say_add": [
        ("добавь фичу Вход", {"name": "Вход"}),
        ("Добавь новую фичу: Вход в систему", {"name": "Вход в систему"}),
        ("новая фича «Вход»", {"name": "«Вход»"}),
        ("добавь фичу Письма не приходят", {"name": "Письма не приходят"}),
        ("добавь фичу", {}),
        ("добавь фичу Вход в релиз 1.2", {"name": "Вход", "version": "1.2"}),
        ("add feature Login page", {"name": "Login page"}),
        ("add a new feature called “Login”", {"name": "“Login”"}),
        ("create feature Login", {"name": "Login"}),
        ("add feature Say thanks", {"name": "Say thanks"}),
        ("add feature “What is new?”", {"name": "“What is new?”"}),
        ("new feature", {}),
        ("add feature Login to release 1.2", {"name": "Login", "version": "1.2"}),
    ],
    "say_assign_team": [
        ("назначь команду Ядро на фичу Вход", {"who": "Ядро", "name": "Вход"}),
        ("назначь на фичу Вход команду Ядро", {"who": "Ядро", "name": "Вход"}),
        ("фичу Вход делает команда Ядро", {"who": "Ядро", "name": "Вход"}),
        ("отдай фичу Вход команде Ядро", {"who": "Ядро", "name": "Вход"}),
        ("assign team Core to feature Login", {"who": "Core", "name": "Login"}),
        ("assign feature Login to team Core", {"who": "Core", "name": "Login"}),
        ("team Core works on feature Login", {"who": "Core", "name": "Login"}),
        ("feature Login belongs to team Core", {"who": "Core", "name": "Login"}),
        ("assign team “Not found” to feature Login", {"who": "“Not found”", "name": "Login"}),
    ],
    "say_unassign_team": [
        ("сними команду Ядро с фичи Вход", {"who": "Ядро", "name": "Вход"}),
        ("remove team Core from feature Login", {"who": "Core", "name": "Login"}),
    ],
    "say_no_owner": [
        ("убери владельца с фичи Вход", {"name": "Вход"}),
        ("remove the owner of feature Login", {"name": "Login"}),
    ],
    "say_assign_owner": [
        ("назначь Анну на фичу Вход", {"who": "Анну", "name": "Вход"}),
        ("назначь Анну ответственной за фичу Вход", {"who": "Анну", "name": "Вход"}),
        ("назначь Анну владельцем фичи Вход", {"who": "Анну", "name": "Вход"}),
        ("ответственный за фичу Вход — Анна", {"who": "Анна", "name": "Вход"}),
        ("владелец фичи Вход: Анна", {"who": "Анна", "name": "Вход"}),
        ("за фичу Вход отвечает Анна", {"who": "Анна", "name": "Вход"}),
        ("assign Ann to feature Login", {"who": "Ann", "name": "Login"}),
        ("the owner of feature Login is Ann", {"who": "Ann", "name": "Login"}),
        ("make Ann the owner of feature Login", {"who": "Ann", "name": "Login"}),
        ("feature Login belongs to Ann", {"who": "Ann", "name": "Login"}),
    ],
    "say_rename": [
        ("переименуй фичу Вход в Авторизация", {"both": "Вход в Авторизация"}),
        ("rename feature Login to Sign in", {"both": "Login to Sign in"}),
    ],
    "say_history": [
        ("История изменений", {}),
        ("история", {}),
        ("покажи историю изменений", {}),
        ("история изменений фичи Вход", {"name": "Вход"}),
        ("история «Вход»", {"name": "«Вход»"}),
        ("история релиза 1.2", {"release": "1.2"}),
        ("что изменилось в фиче Вход?", {"name": "Вход"}),
        ("change history", {}),
        ("history of changes", {}),
        ("show me the history of feature Login", {"name": "Login"}),
        ("history of Login", {"name": "Login"}),
        ("history of release 1.2", {"release": "1.2"}),
        ("what happened to feature Login?", {"name": "Login"}),
    ],
    "say_move": [
        ("фича Вход готова", {"name": "Вход", "state": "готова"}),
        ("Фича «Вход в систему» готова!", {"name": "«Вход в систему»", "state": "готова"}),
        ("фича Вход — уже в работе", {"name": "Вход", "state": "в работе"}),
        ("фича Вход заблокирована: ждём", {"name": "Вход", "state": "заблокирована", "reason": "ждём"}),
        ("заблокируй фичу Вход: ждём", {"name": "Вход", "verb": "заблокируй", "reason": "ждём"}),
        ("заблокируй фичу Вход, потому что ждём", {"name": "Вход", "verb": "заблокируй", "reason": "ждём"}),
        ("заблокируй фичу Вход", {"name": "Вход", "verb": "заблокируй"}),
        ("разблокируй фичу Вход", {"name": "Вход", "verb": "разблокируй"}),
        ("начни работу над фичей Вход", {"name": "Вход", "verb": "начни работу над"}),
        ("возьми фичу Вход в работу", {"name": "Вход", "state": "работу"}),
        ("переведи фичу Вход в статус запланирована", {"name": "Вход", "state": "запланирована"}),
        ("верни фичу Вход в бэклог", {"name": "Вход", "state": "бэклог"}),
        ("отметь фичу Вход как готовую", {"name": "Вход", "state": "готовую"}),
        ("заверши фичу Вход", {"name": "Вход", "verb": "заверши"}),
        ("фича «Вход не нужен» готова", {"name": "«Вход не нужен»", "state": "готова"}),
        ("заблокируй фичу Вход, пожалуйста", {"name": "Вход", "verb": "заблокируй"}),
        ("отмени фичу Вход - не нужна", {"name": "Вход", "verb": "отмени", "reason": "не нужна"}),
        ("отложи фичу Вход", {"name": "Вход", "verb": "отложи"}),
        ("отклони фичу Вход: не нужна", {"name": "Вход", "verb": "отклони", "reason": "не нужна"}),
        ("feature Login is done", {"name": "Login", "state": "done"}),
        ("Feature “Login page” is now in progress.", {"name": "“Login page”", "state": "in progress"}),
        ("feature Done list is planned", {"name": "Done list", "state": "planned"}),
        ("mark feature Login as done", {"name": "Login", "state": "done"}),
        ("mark Login as ready", {"name": "Login", "state": "ready"}),
        ("move feature Login to the backlog", {"name": "Login", "state": "the backlog"}),
        ("start working on feature Login", {"name": "Login", "verb": "start working on"}),
        ("block feature Login: no design", {"name": "Login", "verb": "block", "reason": "no design"}),
        ("feature Login is blocked because X", {"name": "Login", "state": "blocked", "reason": "X"}),
        ("block feature Login: one\ntwo", {"name": "Login", "verb": "block", "reason": "one\ntwo"}),
        ("unblock feature Login", {"name": "Login", "verb": "unblock"}),
        ("block feature Login, please.", {"name": "Login", "verb": "block"}),
        ("block feature Login: why not?", {"name": "Login", "verb": "block", "reason": "why not?"}),
        ("feature “Ready?” is done", {"name": "“Ready?”", "state": "done"}),
        ("drop feature Login - too late", {"name": "Login", "verb": "drop", "reason": "too late"}),
    ],
    "say_set_date": [
        ("перенеси релиз 1.2 на 20.03", {"version": "1.2", "date": "20.03"}),
        ("сдвинь релиз 1.2 на следующую пятницу", {"version": "1.2", "date": "следующую пятницу"}),
        ("move release 1.2 to 20 March", {"version": "1.2", "date": "20 March"}),
    ],
    "say_plan_release": [
        ("релиз 1.2 15 марта", {"version": "1.2", "date": "15 марта"}),
        ("релиз 1.2 — 15 марта", {"version": "1.2", "date": "15 марта"}),
        ("релиз «Осень» 1 сентября", {"version": "«Осень»", "date": "1 сентября"}),
        ("релиз 1.2 выйдет в пятницу", {"version": "1.2", "date": "в пятницу"}),
        ("создай релиз 1.2 на 15 марта", {"version": "1.2", "date": "15 марта"}),
        ("создай релиз 1.2", {"version": "1.2"}),
        ("release 1.2 on March 15", {"version": "1.2", "date": "on March 15"}),
        ("release 1.2 is due next Friday", {"version": "1.2", "date": "next Friday"}),
        ("create release 1.2 for March 15", {"version": "1.2", "date": "March 15"}),
        ("new release 1.2", {"version": "1.2"}),
        ("new release On-prem", {"version": "On-prem"}),
        ("new release “Tomorrow”", {"version": "“Tomorrow”"}),
    ],
    "say_move_release": [
        ("релиз 1.2 выпущен", {"version": "1.2", "state": "выпущен"}),
        ("выпусти релиз 1.2", {"version": "1.2", "verb": "выпусти"}),
        ("отмени релиз 1.2", {"version": "1.2", "verb": "отмени"}),
        ("release 1.2 is out!", {"version": "1.2", "state": "out"}),
        ("ship release 1.2", {"version": "1.2", "verb": "ship"}),
    ],
    "say_rename_release": [
        ("переименуй релиз 1.2 в 1.3", {"version": "1.2", "new": "1.3"}),
        ("rename release 1.2 to 1.3", {"version": "1.2", "new": "1.3"}),
    ],
    "say_no_date": [
        ("убери дату релиза 1.2", {"version": "1.2"}),
        ("clear the date of release 1.2", {"version": "1.2"}),
    ],
    "say_release_card": [
        ("релиз 1.2", {"version": "1.2"}),
        ("что в релизе 1.2?", {"version": "1.2"}),
        ("релиз 1.2 вышел?", {"version": "1.2"}),
        ("release 1.2 is out?", {"version": "1.2"}),
        ("покажи релиз Осень", {"version": "Осень"}),
        ("what’s in release 1.2?", {"version": "1.2"}),
        ("show release 1.2", {"version": "1.2"}),
    ],
    "say_releases": [("релизы", {}), ("покажи все релизы", {}), ("show me all the releases", {})],
    "say_features": [
        ("фичи", {}),
        ("покажи все фичи", {}),
        ("покажи заблокированные фичи", {"state": "заблокированные"}),
        ("какие фичи в работе?", {"state": "в работе"}),
        ("что готово?", {"state": "готово"}),
        ("show features", {}),
        ("show me the blocked features", {"state": "blocked"}),
        ("what is in progress?", {"state": "in progress"}),
    ],
    "say_feature_card": [
        ("фича Вход", {"name": "Вход"}),
        ("покажи фичу Вход", {"name": "Вход"}),
        ("что с фичей Вход?", {"name": "Вход"}),
        ("feature Login", {"name": "Login"}),
        ("status of feature Login", {"name": "Login"}),
    ],
    "say_projects": [("проекты", {}), ("покажи мои проекты", {}), ("list all projects", {})],
    "say_project_card": [
        ("статус проекта", {}),
        ("Какой статус проекта Альфа?", {"name": "Альфа"}),
        ("как дела с проектом?", {}),
        ("project status", {}),
        ("status of the project Alpha", {"name": "Alpha"}),
        ("project Alpha", {"name": "Alpha"}),
    ],
    "say_changes": [
        ("Что изменилось?", {}),
        ("что изменилось с понедельника?", {"since": "с понедельника"}),
        ("Что нового за неделю?", {"since": "за неделю"}),
        ("изменения за 2 дня", {"since": "за 2 дня"}),
        ("what changed?", {}),
        ("What changed since Monday?", {"since": "since Monday"}),
        ("what’s new", {}),
        ("what has changed in the project since yesterday?", {"since": "since yesterday"}),
        ("show changes since March 1", {"since": "since March 1"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "words"), [(text, name, words) for name, said in SAID.items() for text, words in said]
)
def test_a_phrase_is_understood_in_any_case(text, name, words):
    intent, found = meaning(f"  {text} ")
    assert (intent.name, found) == (name, words)
    shouted, _ = meaning(text.upper())
    assert shouted.name == name


def test_every_intent_is_said_in_both_languages():
    for intent in INTENTS:
        said = [text for text, _ in SAID[intent.name]]
        assert any(re.search("[а-я]", text) for text in said), intent.name
        assert any(re.match("[A-Za-z ]+", text) for text in said), intent.name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "Привет!",
        "I need help with my order",
        "Где мой заказ?",
        "Can you tell me what changed in the price list?",
        "Release notes are ready",
        "undo my order please and refund",
        "Отмени мой заказ",
        "Что изменилось в ценах\nи почему?",
        "добавь\nфичу" * 50,
    ],
)
def test_other_talk_is_left_alone(text):
    assert meaning(text) is None


@pytest.mark.parametrize(
    "text",
    [
        # denied, or not so yet
        "фича Вход не готова",
        "фича Вход ещё не готова",
        "фича Вход почти готова",
        "фича Вход не войдёт в релиз 1.2",
        "за фичу Вход не отвечает Анна",
        "владелец фичи Вход — не Анна",
        "фичу Вход не делает команда Ядро",
        "команда Ядро не делает фичу Вход",
        "отметь фичу Вход как не готовую",
        "feature Login is not done",
        "feature Login isn’t done",
        "feature Login is almost done",
        "feature Login will be done",
        "feature Login never goes into release 1.2",
        "mark Login as not done",
        "team Core no longer works on feature Login",
        "the owner of feature Login is not Ann",
        "feature Login doesn't belong to Ann",
        # asked
        "фича Вход готова?",
        "фича Вход — готова?",
        "релиз 1.2 вышел?",
        "владелец фичи Вход: Анна?",
        "feature Login is done?",
        "feature Login is done, please?!",
        "add feature Login?",
        "release 1.2 is out?",
        "feature Login is in release 1.2?",
        "put feature Login into release 1.2?",
        "team Core works on feature Login?",
        "feature Login belongs to whom?",
        "create project X?",
        # no name, no version, no reason
        "назначь команду на фичу Вход",
        "назначь ответственного за фичу Вход",
        "назначь меня на фичу Вход",
        "assign a team to feature Login",
        "assign the team to feature Login",
        "assign me to feature Login",
        "запланируй релиз на пятницу",
        "создай релиз на 15 марта",
        "новый релиз завтра",
        "plan a release for next Friday",
        "create a release on March 15",
        "make a release tomorrow.",
        "the release is not out",
        "feature Login is blocked since Monday",
    ],
)
def test_only_what_was_said_changes_something(text):
    found = meaning(text)
    assert found is None or found[0].name in {"say_feature_card", "say_release_card"}


@pytest.mark.parametrize("intent", INTENTS, ids=lambda intent: intent.name)
def test_one_pattern_stands_for_all_forms(intent):
    whole = re.compile(rf"\A\s*(?:{intent.pattern})\s*\Z", re.IGNORECASE)
    assert whole.groups == 0
    for text, _words in SAID[intent.name]:
        assert whole.search(text)
    assert not whole.search("hello")


WORDS = ["фичу", "в", "релиз", "на", "feature", "to", "release", "команду", "assign", "с", "is", ":"]
SIGNS = ["не", "not", "isn’t", "please", "?", "«", "'"]


@given(st.lists(st.sampled_from(WORDS + SIGNS), max_size=800).map(" ".join))
def test_long_and_odd_talk_is_answered_soon(text):
    meaning(text[:4096])


def test_commands_narrow_what_is_looked_for():
    assert meaning("feature Login is done", "release") is None
    assert meaning("feature Login is done", "feature")[0].name == "say_move"


@pytest.mark.parametrize(
    ("rest", "name", "words"),
    [
        ("Login", "say_feature_card", {"name": "Login"}),
        ("add Login", "say_add", {"name": "Login"}),
        ("добавь Вход", "say_add", {"name": "Вход"}),
        ("Login is done", "say_move", {"name": "Login", "state": "done"}),
        ("Вход готова", "say_move", {"name": "Вход", "state": "готова"}),
        ("block Login: no design", "say_move", {"name": "Login", "verb": "block", "reason": "no design"}),
        ("move Login to release 1.2", "say_put", {"name": "Login", "version": "1.2"}),
        ("rename Login to Sign in", "say_rename", {"both": "Login to Sign in"}),
    ],
)
def test_what_follows_a_command_is_completed(rest, name, words):
    found = next(filter(None, (meaning(text, "feature") for text in completed(rest, "feature"))))
    assert (found[0].name, found[1]) == (name, words)


# ── Words for states ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", FeatureStatus)
def test_a_state_is_called_by_its_value_too(status):
    assert feature_state(status.value) == status
    assert feature_state(status.value.replace("_", " ").upper()) == status
    assert set(FEATURE_STATES) == set(FeatureStatus)


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("в бэклоге", "backlog"),
        ("запланирована", "planned"),
        ("в работе", "in_progress"),
        ("заблокирована", "blocked"),
        ("готова", "done"),
        ("отклонена", "dropped"),
    ],
)
def test_a_state_is_called_as_the_russian_screens_call_it(label, status):
    assert feature_state(label) == status
    assert meaning(f"фича X {label}")[1]["state"] in label


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("готовые", "done"),
        ("сделано", "done"),
        ("в  работе", "in_progress"),
        ("заблокированные", "blocked"),
        ("бэклог", "backlog"),
        ("отменена", "dropped"),
        ("nonsense", None),
        ("", None),
    ],
)
def test_words_for_states_of_features(word, status):
    assert feature_state(word) == status


def test_verbs_lead_somewhere():
    assert feature_goal("Заблокируй") == FeatureStatus.BLOCKED
    assert feature_goal("разблокируй") == FeatureStatus.IN_PROGRESS
    assert feature_goal("sing") is None
    assert release_goal("ship") == ReleaseStatus.RELEASED
    assert release_state("отменён") == ReleaseStatus.CANCELLED
    assert release_state("sung") is None
