from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import QueryDict
from django.test import Client

from telegrambot.sandbox import call_log, demo, events, faults, people
from telegrambot.sandbox.live import Window
from telegrambot.sandbox.models import SandboxCommandSet, SandboxFault, SandboxMessage, SandboxPerson
from telegrambot.sandbox.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


def window(*panes: str, log: str = "", position: str = "") -> Window:
    query = QueryDict(mutable=True)
    query.setlist("pane", list(panes))
    if log:
        query["log"] = log
    return Window.of(query, position)


def news(of: Window) -> dict[str, dict[str, Any]]:
    return dict(of.news())


def test_a_window_hears_everything_once(person: SandboxPerson) -> None:
    people.send_text(person, "Hello")
    watching = window(f"{person.pk}.{person.pk}.0")

    first = news(watching)["pane"]
    assert len(first["messages"]) == 1
    assert "Hello" in first["list"]
    assert news(watching) == {}

    people.send_text(person, "Again")
    assert set(news(watching)["pane"]) == {"pane", "list", "messages", "revision", "waiting"}


def test_a_new_connection_goes_on_where_the_old_one_ended(person: SandboxPerson) -> None:
    people.send_text(person, "Hello")
    place = f"{person.pk}.{person.pk}.0"
    old = window(place)
    news(old)
    people.send_text(person, "Again")

    html = [row["html"] for row in news(window(place, position=old.position))["pane"]["messages"]]
    assert len(html) == 1
    assert "Again" in html[0]
    for nonsense in ("x", "1.2.3.4", "0.٣"):
        assert len(news(window(place, position=nonsense))["pane"]["messages"]) == 2


def test_a_window_that_outlives_a_reset_begins_anew(page: Client) -> None:
    demo.fill()
    sara = SandboxPerson.objects.get(username="sara_haddad")
    people.send_text(sara, "Old")
    pane = news(window(f"{sara.pk}.{sara.pk}.0"))["pane"]
    place = f"{sara.pk}.{sara.pk}.{pane['revision']}.{pane['born']}"
    watching = window(place)
    news(watching)

    demo.reset()
    for text in ("New", "Newer"):
        people.send_text(sara, text)

    assert news(watching) == {"pane": {"pane": 0, "anew": True}}
    assert news(watching) == {}
    assert news(window(place))["pane"] == {"pane": 0, "anew": True}
    # What the pane is given then goes on by itself.
    html = page.get(f"/sandbox/pane/?pane={sara.pk}.{sara.pk}").content.decode()
    assert "Newer" in html
    told = dict(re.findall(r'data-(revision|born)="(\d+)"', html))
    again = window(f"{sara.pk}.{sara.pk}.{told['revision']}.{told['born']}")
    assert "anew" not in news(again)["pane"]


def test_whoever_is_ahead_of_a_chat_hears_all_of_it(page: Client) -> None:
    demo.fill()
    sara = SandboxPerson.objects.get(username="sara_haddad")
    for text in ("Old", "Older"):
        people.send_text(sara, text)
    seen = page.get(f"/sandbox/{sara.pk}/changes/").json()["revision"]
    demo.reset()
    people.send_text(sara, "New")

    changes = page.get(f"/sandbox/{sara.pk}/changes/", {"since": seen}).json()
    assert changes["revision"] < seen
    assert "New" in changes["messages"][-1]["html"]


def test_a_first_message_is_no_reason_to_begin_anew(person: SandboxPerson) -> None:
    watching = window(f"{person.pk}.{person.pk}.0.0")
    assert news(watching)["pane"]["born"] == 0
    people.send_text(person, "Hello")

    told = news(watching)["pane"]
    assert len(told["messages"]) == 1
    assert told["born"] > 0


def test_commands_follow_scope_and_language(person: SandboxPerson) -> None:
    people.open_chat(person)
    watching = window(f"{person.pk}.{person.pk}.0")

    def offered() -> list[str]:
        return [row["command"] for row in news(watching)["pane"]["commands"]]

    assert offered() == []
    SandboxCommandSet.objects.create(scope="default", commands=[{"command": "a", "description": "A"}])
    assert offered() == ["a"]
    chat = f"chat:{person.pk}"
    SandboxCommandSet.objects.create(scope=chat, commands=[{"command": "b", "description": "B"}])
    assert offered() == ["b"]
    russian = [{"command": "c", "description": "C"}]
    SandboxCommandSet.objects.create(scope=chat, language_code="ru", commands=russian)
    assert news(watching) == {}
    person.language_code = "ru"
    person.save()
    assert offered() == ["c"]


def test_a_channel_tells_how_often_its_posts_were_commented(person: SandboxPerson) -> None:
    channel = people.create_channel(person, "News")
    posts = [people.send_text(person, text, chat=channel) for text in ("One", "Two")]
    watching = window(f"{person.pk}.{channel.pk}.0")
    assert news(watching)["pane"]["comments"] == {}

    copy = SandboxMessage.objects.get(forwarded_from=posts[0])
    first, second = (
        people.send_text(person, text, chat=channel.discussion, reply_to=copy.pk) for text in ("A", "B")
    )
    people.send_text(person, "No comment", chat=channel.discussion)
    assert news(watching)["pane"]["comments"] == {posts[0].pk: "2 comments"}
    people.delete_message(person, second.pk)
    assert news(watching)["pane"]["comments"] == {posts[0].pk: "1 comment"}
    people.delete_message(person, first.pk)
    assert news(watching)["pane"]["comments"] == {}
    assert news(watching) == {}


def test_administrators_of_a_group_have_their_own_commands(person: SandboxPerson) -> None:
    other = PersonFactory.create()
    group = people.create_group(other, "Club", [person])
    for scope in ("all_group_chats", "all_chat_administrators"):
        SandboxCommandSet.objects.create(scope=scope, commands=[{"command": scope, "description": "x"}])

    both = [dict(window(f"{row.pk}.{group.pk}.0").news())["pane"]["commands"] for row in (other, person)]
    assert [rows[0]["command"] for rows in both] == ["all_chat_administrators", "all_group_chats"]


def test_somebody_elses_chat_is_not_watched(person: SandboxPerson) -> None:
    other = PersonFactory.create()
    people.send_text(other, "For my eyes only")

    assert news(window(f"{person.pk}.{other.pk}.0"))["pane"] == {"pane": 0, "gone": True}
    assert news(window(f"99.{other.pk}.0"))["pane"] == {"pane": 0, "gone": True}


def test_faults_and_log_are_told(person: SandboxPerson) -> None:
    watching = window(log="0")
    assert news(watching)["switches"]["faults"] == []
    faults.switch_on(SandboxFault.Kind.FORBIDDEN, calls=3)
    assert news(watching)["switches"]["faults"][0]["remaining"] == 3

    refused = {"ok": False, "description": "Forbidden: x"}
    call_log.tell_call(
        "sendMessage", {"chat_id": 1, "text": "Hi"}, answer=refused, status=403, duration_ms=1.2
    )
    call_log.tell_updates([{"update_id": 7, "message": {"from": {"first_name": "Greta"}, "text": "Hello"}}])
    lines = news(watching)["log"]["lines"]
    assert [(line["name"], line["summary"]) for line in lines] == [
        ("sendMessage", "Forbidden: x"),
        ("message", "Greta Hello"),
    ]
    assert news(watching) == {}
    assert "log" not in news(window())


def test_a_stream_ends_by_itself_and_gives_its_place_back(
    page: Client, person: SandboxPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LIFETIME_SECONDS", 0.1)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    people.send_text(person, "Hello")
    place = {"pane": f"{person.pk}.{person.pk}.0", "window": "w"}

    response = page.get("/sandbox/events/", place)
    refused = page.get("/sandbox/events/", {"window": "another"})
    text = b"".join(response.streaming_content).decode()
    assert response["Content-Type"] == "text/event-stream"
    assert text.startswith("retry: ")
    assert text.count("event: pane\n") == 1
    assert "id: 0.1\n" in text
    _end(response)
    assert refused.status_code == 503

    again = page.get("/sandbox/events/", place, headers={"Last-Event-ID": "0.1"})
    assert '"messages"' not in b"".join(again.streaming_content).decode()
    _end(again)


def _end(response: Any) -> None:
    # What the web server does; without the part that would close the test's own connection.
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)


def test_who_cannot_have_a_stream_asks(page: Client, person: SandboxPerson) -> None:
    people.send_text(person, "Hello")
    told = page.get("/sandbox/news/", {"pane": f"{person.pk}.{person.pk}.0"}).json()

    assert [row["event"] for row in told["news"]] == ["pane", "switches"]
    assert told["position"] == "0.1"


def test_strangers_get_neither(person: SandboxPerson) -> None:
    stranger = Client(HTTP_HOST="example.org")

    for address in ("events/", "news/", "pane/"):
        assert stranger.get(f"/sandbox/{address}").status_code in {400, 404}


def test_the_tools(page: Client, person: SandboxPerson) -> None:
    assert page.post("/sandbox/faults/set/", {"kind": "500", "method": "all", "calls": "2"}).json() == {}
    assert [row.remaining for row in faults.active()] == [2]
    assert page.post("/sandbox/faults/set/", {"kind": "418", "method": "all"}).status_code == 400
    assert (
        page.post("/sandbox/faults/set/", {"kind": "500", "method": "all", "calls": "-1"}).status_code == 400
    )
    page.post("/sandbox/faults/clear/", {"method": "all"})
    assert faults.active() == []

    page.post("/sandbox/bot/", {"limits": "on"})
    assert news(window())["switches"] == {"faults": [], "limits": True, "privacy": False}
    people.send_text(person, "Hello")
    assert page.post("/sandbox/reset/").json() == {}
    assert not SandboxPerson.objects.filter(pk=person.pk).exists()
