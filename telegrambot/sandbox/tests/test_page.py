from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from telegrambot.sandbox import files, people
from telegrambot.sandbox.models import (
    ALL_RIGHTS,
    SandboxBot,
    SandboxCallback,
    SandboxMember,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)
from telegrambot.sandbox.tests.factories import PNG, ChatFactory, MessageFactory, PersonFactory

pytestmark = pytest.mark.django_db

ACTS = [
    f"{name}/"
    for name in (
        *("send", "delete", "start", "press", "block", "unblock", "language", "create", "write_to"),
        *("add_member", "leave", "add_bot", "remove_bot", "connect", "rights", "disconnect"),
    )
]


def url(person: SandboxPerson, act: str = "") -> str:
    return f"/sandbox/{person.pk}/{act}"


def test_people_are_offered(page: Client, person: SandboxPerson) -> None:
    html = page.get("/sandbox/").content.decode()

    assert f'href="{url(person)}"' in html
    assert "Greta Lind" in html
    assert SandboxBot.objects.current().token not in html


def test_the_page_allows_nothing_inline(page: Client, person: SandboxPerson) -> None:
    people.send_text(person, "<script>alert(1)</script>")
    response = page.get(url(person))
    html = response.content.decode()

    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "<script>" not in html
    assert re.findall(r"<script(?! (?:type=.module. src=|id=.texts. type=.application/json.))", html) == []
    assert " style=" not in html
    assert " onclick=" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_an_unknown_person_is_not_found(page: Client) -> None:
    assert page.get("/sandbox/4711/").status_code == 404
    assert page.post("/sandbox/4711/send/", {"text": "x"}).status_code == 404


def test_a_text_is_sent_and_shows_up(page: Client, person: SandboxPerson) -> None:
    assert page.post(url(person, "send/"), {"text": "Hello <b>bot</b>"}).json() == {}

    changes = page.get(url(person, "changes/"), {"since": "0"}).json()
    assert "Hello &lt;b&gt;bot&lt;/b&gt;" in changes["messages"][0]["html"]
    assert SandboxUpdate.objects.get().payload["message"]["text"] == "Hello <b>bot</b>"
    seen = page.get(url(person, "changes/"), {"since": str(changes["revision"])}).json()
    assert (seen["messages"], seen["revision"]) == ([], changes["revision"])


def test_an_address_that_cannot_be_read_breaks_no_page(page: Client, person: SandboxPerson) -> None:
    page.post(url(person, "send/"), {"text": "Open http://[your-domain]/x"})

    for address in (url(person), url(person, "changes/"), f"/sandbox/news/?pane={person.pk}.{person.pk}.0"):
        assert "http://[your-domain]/x" in page.get(address).content.decode()


def test_every_post_needs_the_csrf_token(person: SandboxPerson) -> None:
    strict = Client(enforce_csrf_checks=True, HTTP_HOST="localhost")

    for act in ACTS:
        assert strict.post(url(person, act), {"text": "x"}).status_code == 403
    for tool in ("people/add/", "reset/", "faults/set/", "faults/clear/", "bot/"):
        assert strict.post(f"/sandbox/{tool}", {"first_name": "Nina"}).status_code == 403
    assert not SandboxMessage.objects.exists()
    assert SandboxPerson.objects.count() == 1


def test_acts_are_posts(page: Client, person: SandboxPerson) -> None:
    for act in ACTS:
        assert page.get(url(person, act)).status_code == 405


def test_what_went_wrong_is_told_in_a_sentence(page: Client, person: SandboxPerson) -> None:
    response = page.post(url(person, "send/"), {"text": " "})

    assert response.status_code == 400
    assert response.json() == {"error": "Write something or choose a file first."}
    for fields in ({}, {"message_id": "x", "row": "0", "column": "0"}, {"message_id": "9" * 30}):
        assert page.post(url(person, "press/"), fields).status_code == 400
    assert page.post(url(person, "send/"), {"message_id": "0", "text": "x"}).status_code == 400


def test_a_photo_is_sent_and_shown(page: Client, person: SandboxPerson) -> None:
    upload = SimpleUploadedFile("dot.png", PNG, "image/png")
    page.post(url(person, "send/"), {"text": "Look", "file": upload})

    message = SandboxMessage.objects.select_related("file").get()
    assert message.file
    assert message.file.kind == "photo"
    html = page.get(url(person, "changes/"), {"since": "0"}).json()["messages"][0]["html"]
    assert f'<img src="/sandbox/files/{message.file_id}/"' in html
    shown = page.get(f"/sandbox/files/{message.file_id}/")
    assert (shown["Content-Type"], shown.content) == ("image/png", PNG)


def test_files_that_could_carry_a_script_are_only_saved(page: Client) -> None:
    svg = files.store(
        kind="document", name="x.svg", mime_type="image/svg+xml", content=b"<svg onload=alert(1)>"
    )

    response = page.get(f"/sandbox/files/{svg.pk}/")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == "attachment"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_document_and_a_video_are_shown(page: Client, person: SandboxPerson) -> None:
    chat = people.open_chat(person)
    for kind, name in (("document", "notes.txt"), ("video", "clip.mp4")):
        file = files.store(kind=kind, name=name, mime_type="", content=b"12345")
        MessageFactory.create(chat=chat, text="", file=file)

    html = page.get(url(person)).content.decode()
    assert 'download="notes.txt"' in html
    assert "<video" in html
    assert page.get(f"/sandbox/files/{file.pk}/")["Content-Type"] == "video/mp4"


def test_buttons_are_pressed_and_the_answer_arrives(page: Client) -> None:
    chat = ChatFactory.create()
    rows = [
        [{"text": "<Save>", "callback_data": "save"}],
        [{"text": "Site", "url": "https://x.org"}],
        [{"text": "App", "web_app": {"url": "https://x.org"}}],
    ]
    message = MessageFactory.create(chat=chat, reply_markup={"inline_keyboard": rows})
    html = page.get(url(chat.person)).content.decode()  # type: ignore[arg-type]
    assert "&lt;Save&gt;" in html
    assert 'href="https://x.org"' in html
    assert "disabled" in html

    place = {"message_id": message.pk, "row": 0, "column": 0}
    assert page.post(url(chat.person, "press/"), place).json() == {}  # type: ignore[arg-type]
    chat.refresh_from_db()
    SandboxCallback.objects.update(answer="Saved", is_alert=True, revision=chat.moved())
    since = str(chat.revision - 1)
    changes = page.get(url(chat.person, "changes/"), {"since": since}).json()  # type: ignore[arg-type]
    assert changes["answers"] == [{"message": message.pk, "text": "Saved", "alert": True}]


def test_a_deleted_message_is_taken_away(page: Client, person: SandboxPerson) -> None:
    message = people.send_text(person, "Hello")
    message.deleted_at, message.revision = message.sent_at, message.chat.moved()
    message.save()

    changes = page.get(url(person, "changes/"), {"since": "1"}).json()
    assert changes["messages"] == [{"id": message.pk, "html": ""}]
    assert "Hello" not in page.get(url(person)).content.decode()


def test_one_person_never_sees_anothers_chat(page: Client, person: SandboxPerson) -> None:
    other = PersonFactory.create()
    people.send_text(other, "For my eyes only")

    assert "For my eyes only" not in page.get(url(person)).content.decode()
    assert page.get(url(person, "changes/")).json()["messages"] == []


def test_blocking_start_and_language(page: Client, person: SandboxPerson) -> None:
    assert page.post(url(person, "block/")).status_code == 400
    page.post(url(person, "start/"), {"code": "ad_7"})
    assert SandboxMessage.objects.get().text == "/start ad_7"

    page.post(url(person, "block/"))
    assert page.get(url(person, "changes/")).json()["blocked"]
    page.post(url(person, "unblock/"))
    assert not page.get(url(person, "changes/")).json()["blocked"]

    page.post(url(person, "language/"), {"language_code": "ru"})
    person.refresh_from_db()
    assert person.language_code == "ru"
    assert page.post(url(person, "language/"), {"language_code": "xx"}).status_code == 400


def test_what_the_bot_is_doing_is_shown(page: Client, person: SandboxPerson) -> None:
    message = people.send_text(person, "Hello")
    chat = message.chat
    chat.action, chat.action_until = "typing", message.sent_at.replace(year=message.sent_at.year + 1)
    chat.save()

    assert page.get(url(person, "changes/")).json()["doing"] == "typing…"


def test_own_texts_are_edited_from_the_page(page: Client, person: SandboxPerson) -> None:
    message = people.send_text(person, "Before")
    page.post(url(person, "send/"), {"message_id": message.pk, "text": "After"})

    message.refresh_from_db()
    assert message.text == "After"
    assert "edited" in page.get(url(person, "changes/"), {"since": "1"}).json()["messages"][0]["html"]


def test_a_person_is_added(page: Client) -> None:
    response = page.post("/sandbox/people/add/", {"first_name": "Nina", "language_code": "ru"})

    assert response.json() == {"person": SandboxPerson.objects.get(first_name="Nina").pk}


def test_a_wrong_person_is_explained(page: Client) -> None:
    given = {"first_name": "Nina", "username": "no spaces", "language_code": "ru"}
    response = page.post("/sandbox/people/add/", given)

    assert response.status_code == 400
    assert "A first name has 1 to 64 characters" in response.json()["error"]
    assert not SandboxPerson.objects.exists()


def test_an_address_puts_people_side_by_side(page: Client, person: SandboxPerson) -> None:
    other = PersonFactory.create(first_name="Omar")
    group = people.create_group(other, "Rowing club", [person])
    html = page.get(f"/sandbox/?pane={person.pk}.{group.pk}&pane={other.pk}&pane=new").content.decode()

    assert [html.count(f'data-person="{row.pk}"') for row in (person, other)] == [1, 1]
    assert f'data-chat="{group.pk}"' in html
    assert html.count("Who do you want to be?") == 1
    for nonsense in ("pane=x", "pane=99.1", "pane=", "pane=1.2.3"):
        assert "Who do you want to be?" in page.get(f"/sandbox/?{nonsense}").content.decode()


def test_somebody_elses_chat_does_not_open(page: Client, person: SandboxPerson) -> None:
    other = PersonFactory.create()
    people.send_text(other, "For my eyes only")
    group = people.create_group(other, "Secret club")

    for chat in (other.pk, group.pk):
        assert "data-composer" not in page.get(f"/sandbox/pane/?pane={person.pk}.{chat}").content.decode()
        response = page.post(url(person, "send/"), {"text": "Let me in", "chat": str(chat)})
        assert response.json() == {"error": "This person is not in that chat."}
    assert page.post(url(person, "send/"), {"text": "x", "chat": "1e3"}).status_code == 400
    assert SandboxMessage.objects.count() == 1


def test_replies_albums_and_deletions(page: Client, person: SandboxPerson) -> None:
    first = people.send_text(person, "Question")
    page.post(url(person, "send/"), {"text": "Answer", "reply_to": first.pk, "chat": person.pk})
    html = page.get(url(person)).content.decode()
    assert f'data-jump="{first.pk}" tabindex="-1">Question</button>' in html

    pictures = [SimpleUploadedFile(f"{name}.png", PNG, "image/png") for name in "ab"]
    page.post(url(person, "send/"), {"text": "Two", "file": pictures})
    assert len(set(SandboxMessage.objects.exclude(album="").values_list("album", flat=True))) == 1

    assert page.post(url(person, "delete/"), {"message_id": first.pk}).json() == {}
    assert f'data-id="{first.pk}"' not in page.get(url(person)).content.decode()
    assert page.post(url(person, "delete/"), {"message_id": first.pk}).status_code == 400


def test_groups_channels_and_business_accounts(page: Client, person: SandboxPerson) -> None:
    other = PersonFactory.create()
    made = page.post(url(person, "create/"), {"title": "News", "kind": "channel", "member": other.pk}).json()
    html = page.get(f"/sandbox/?pane={other.pk}.{made['chat']}").content.decode()
    assert 'data-writable="false"' in html
    assert "2 members" in html

    nobody = ["²", "9" * 25, "x", ""]
    group = page.post(url(person, "create/"), {"title": "Club", "kind": "group", "member": nobody}).json()
    assert SandboxMember.objects.get(chat=group["chat"]).person == person
    assert page.post(url(person, "remove_bot/"), {"chat": group["chat"]}).json() == {}
    assert page.post(url(person, "add_bot/"), {"chat": group["chat"], "as_admin": "on"}).json() == {}
    assert page.post(url(person, "add_member/"), {"chat": group["chat"], "other": other.pk}).json() == {}
    assert page.post(url(other, "leave/"), {"chat": group["chat"]}).json() == {}
    assert page.post(url(other, "leave/"), {"chat": group["chat"]}).status_code == 400

    assert page.post(url(person, "connect/")).json() == {}
    chat = page.post(url(other, "write_to/"), {"other": person.pk}).json()["chat"]
    page.post(url(other, "send/"), {"text": "Are you open?", "chat": chat})
    assert "Are you open?" in page.get(f"/sandbox/?pane={person.pk}.{chat}").content.decode()
    assert page.post(url(person, "disconnect/")).json() == {}
    assert page.post(url(person, "disconnect/")).status_code == 400


def test_a_business_account_chooses_what_the_bot_may_do(page: Client, person: SandboxPerson) -> None:
    assert page.post(url(person, "rights/"), {"right": "can_reply"}).status_code == 400
    connection = people.connect_business(person)
    offered = re.findall(r'name="right" value="(\w+)"( checked)?', page.get(url(person)).content.decode())
    assert offered == [(name, " checked") for name in ALL_RIGHTS]
    SandboxUpdate.objects.all().delete()

    given = {"right": ["can_delete_sent_messages", "can_reply", "can_rule_the_world"]}
    assert page.post(url(person, "rights/"), given).json() == {}

    connection.refresh_from_db()
    assert connection.rights == ["can_reply", "can_delete_sent_messages"]
    told = SandboxUpdate.objects.get().payload["business_connection"]
    assert told["rights"] == {"can_reply": True, "can_delete_sent_messages": True}
    html = page.get(url(person)).content.decode()
    assert re.findall(r'value="(\w+)" checked> ', html)[:2] == connection.rights

    page.post(url(person, "rights/"))
    connection.refresh_from_db()
    assert connection.rights == []
    assert connection.is_enabled


def test_many_changes_come_in_portions(
    page: Client, person: SandboxPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telegrambot.sandbox.chat_page.MAX_CHANGES", 2)
    for text in ("one", "two", "three"):
        people.send_text(person, text)

    first = page.get(url(person, "changes/"), {"since": "nonsense"}).json()
    rest = page.get(url(person, "changes/"), {"since": str(first["revision"])}).json()
    assert [len(first["messages"]), len(rest["messages"])] == [2, 1]
