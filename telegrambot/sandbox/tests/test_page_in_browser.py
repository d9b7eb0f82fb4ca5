"""The page in a real browser, beside a bot that speaks over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Locator, Page, expect, sync_playwright

from telegrambot.sandbox import demo, events, people
from telegrambot.sandbox.models import SandboxMessage, SandboxPerson
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PNG, PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("_database_beside_an_event_loop")]

# Chromium must neither call home nor need privileges.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def _database_beside_an_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright keeps an event loop in this thread, where Django would refuse to query.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.2)


@pytest.fixture
def writer(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create()


@pytest.fixture
def page(chromium: str, live_server: Any) -> Iterator[Page]:
    """A page whose console has to stay empty: no errors, nothing that the security policy refused."""
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(
            locale="en", base_url=live_server.url, viewport={"width": 1280, "height": 800}
        )
        page.set_default_timeout(8000)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        page.close()
        browser.close()
        # Beside Playwright's event loop Django keeps another connection than outside of it.
        connection.close()
    _wait_until_nobody_listens()
    assert problems == []


def _wait_until_nobody_listens() -> None:
    """A stream notices soon, not at once, that its window was closed; it must not outlive the test."""
    deadline = monotonic() + 5
    listening = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    while monotonic() < deadline:
        with connection.cursor() as cursor:
            if cursor.execute(listening).fetchone() == (0,):
                return
        sleep(0.1)


def pane(page: Page, person: SandboxPerson) -> Locator:
    return page.locator(f'.pane[data-person="{person.pk}"]')


def say(bot: RealBot, person: SandboxPerson, text: str, **more: Any) -> int:
    status, answer = bot.raw(
        "sendMessage", {"chat_id": person.pk, "text": text, "parse_mode": "HTML", **more}
    )
    assert status == 200, answer
    return int(answer["result"]["message_id"])


def hold_requests(page: Page, method: str = "POST") -> None:
    """What the page asks for from now on waits until `let_go` or `lose`."""
    page.evaluate(
        """(method) => {
          const { fetch } = window;
          const held = new Promise((resolve, reject) => {
            window.letGo = resolve;
            window.lose = () => reject(new TypeError("Failed to fetch"));
          });
          window.fetch = async (url, how) => {
            if ((how?.method ?? "GET") === method) await held;
            return fetch(url, how);
          };
        }""",
        method,
    )


def let_go(page: Page) -> None:
    page.evaluate("window.letGo()")


def lose(page: Page) -> None:
    page.evaluate("window.lose()")


def lose_the_server(page: Page) -> None:
    """What the page asks for from now on gets no answer."""
    # Not by the network: the browser would tell its console of that.
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('Failed to fetch')); }")


def test_a_conversation_is_live(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    page.goto("/sandbox/")
    page.get_by_role("link", name="Greta Lind").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".mine")).to_contain_text("/start")
    expect(page.locator(".mine .ticks")).to_have_attribute("title", "Waits for the bot")

    # The bot fetches it, types, answers: all of it shows without a reload.
    update_id = bot.raw("getUpdates")[1]["result"][-1]["update_id"]
    bot.raw("getUpdates", {"offset": update_id + 1})
    expect(page.locator(".mine .ticks")).to_have_attribute("title", "The bot has it")
    bot.raw("sendChatAction", {"chat_id": writer.pk, "action": "typing"})
    expect(page.locator(".status")).to_have_text("typing…")
    rows = {"inline_keyboard": [[{"text": "Save", "callback_data": "save"}]]}
    answered = say(bot, writer, "<b>Good day</b>", reply_markup=rows)
    expect(page.locator(".theirs b")).to_have_text("Good day")

    page.get_by_role("button", name="Save").click()
    query = bot.raw("getUpdates", {"timeout": 5, "offset": -1})[1]["result"][0]["callback_query"]
    bot.raw("answerCallbackQuery", {"callback_query_id": query["id"], "text": "Saved"})
    expect(page.locator(".toast")).to_have_text("Saved")
    expect(page.get_by_role("button", name="Save")).not_to_have_attribute("aria-busy", "true")

    bot.raw("editMessageText", {"chat_id": writer.pk, "message_id": answered, "text": "Changed"})
    expect(page.locator(".theirs")).to_contain_text("edited")
    expect(page.locator(".chat-row-preview")).to_contain_text("Changed")
    bot.raw("deleteMessage", {"chat_id": writer.pk, "message_id": answered})
    expect(page.locator(".theirs")).to_have_count(0)


def test_everything_can_be_done_with_the_keyboard(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    people.open_chat(writer)
    commands = [{"command": "help", "description": "What I can do"}]
    own = [*commands, {"command": "health", "description": "How it is"}]
    bot.raw("setMyCommands", {"commands": commands})
    bot.raw("setMyCommands", {"commands": own, "scope": {"type": "chat", "chat_id": writer.pk}})
    page.goto(f"/sandbox/{writer.pk}/")
    text = page.get_by_role("textbox", name="Message")
    expect(text).to_be_focused()
    expect(page.get_by_role("button", name="Commands")).to_be_visible()

    page.keyboard.type("/he")
    offered = page.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(offered).to_have_count(2)
    page.keyboard.press("Escape")
    expect(offered).to_have_count(0)
    page.keyboard.type("a")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".mine")).to_contain_text("/health")

    page.keyboard.type("First")
    page.keyboard.press("Enter")
    expect(page.locator(".mine")).to_have_count(2)
    page.keyboard.press("ArrowUp")
    expect(text).to_have_value("First")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Second")
    page.keyboard.press("Enter")
    expect(page.locator(".mine").last).to_contain_text("Second")
    expect(page.locator(".mine").last).to_contain_text("edited")

    page.keyboard.press("Shift+Tab")
    page.locator(".messages").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("r")
    page.keyboard.type("An answer")
    page.keyboard.press("Enter")
    expect(page.locator(".quote")).to_have_text("Second")

    page.locator(".messages").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    expect(page.locator("#question")).to_contain_text("Delete this message")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".mine")).to_have_count(2)
    assert [row.text for row in SandboxMessage.objects.filter(deleted_at=None)] == ["/health", "Second"]


def test_signing_in_elsewhere_does_not_silence_the_page(
    page: Page, bot: RealBot, writer: SandboxPerson, live_server: Any
) -> None:
    people.open_chat(writer)
    page.goto(f"/sandbox/{writer.pk}/")
    # The admin does this when somebody signs in.
    page.context.add_cookies([{"name": "csrftoken", "value": "a" * 32, "url": live_server.url}])

    page.get_by_role("textbox", name="Message").fill("Still here")
    page.keyboard.press("Enter")
    expect(page.locator(".mine")).to_contain_text("Still here")
    page.get_by_role("button", name="RU", exact=True).click()
    expect(page.get_by_role("textbox", name="Сообщение")).to_be_visible()


def test_two_people_side_by_side(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    other = PersonFactory.create(first_name="Omar", last_name="Diaz")
    group = people.create_group(other, "Rowing club", [writer])
    page.goto(f"/sandbox/{writer.pk}/")
    page.get_by_role("button", name="Person beside").click()
    page.get_by_role("link", name="Omar Diaz").click()
    pane(page, other).get_by_role("button", name="All chats").click()
    pane(page, other).get_by_role("link", name="Rowing club").click()
    pane(page, other).get_by_role("textbox", name="Message").fill("Who rows?")
    page.keyboard.press("Enter")
    expect(pane(page, other).locator(".mine")).to_contain_text("Who rows?")
    # Beside, the other one's list knows of it, and only the group.
    pane(page, writer).get_by_role("button", name="All chats").click()
    row = pane(page, writer).get_by_role("link", name="Rowing club")
    expect(row).to_contain_text("Omar: Who rows?")
    expect(row.locator(".unread")).to_be_visible()
    row.click()
    expect(pane(page, writer).locator(".theirs")).to_contain_text("Omar Diaz")

    # The address holds the whole window.
    expect(page).to_have_url(re.compile(rf"pane={writer.pk}\.{group.pk}&pane={other.pk}\.{group.pk}$"))
    page.reload()
    expect(pane(page, other).locator(".mine")).to_contain_text("Who rows?")
    pane(page, other).get_by_role("button", name="Close this person").last.click()
    expect(page.locator(".pane")).to_have_count(1)


def test_comments_are_counted_below_the_post(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    reader = PersonFactory.create(first_name="Omar", last_name="Diaz")
    channel = people.create_channel(writer, "News", [reader])
    post = people.send_text(writer, "Read this", chat=channel)
    page.goto(f"/sandbox/?pane={writer.pk}.{channel.pk}&pane={reader.pk}.{channel.pk}")
    counts = page.locator(".comments")
    expect(counts).to_have_text(["Comments", "Comments"])

    pane(page, reader).get_by_role("button", name="Comments").click()
    expect(pane(page, reader).get_by_role("heading")).to_have_text("News Chat")
    copied = pane(page, reader).locator(".message", has_text="Read this")
    copied.hover()
    copied.get_by_role("button", name="Reply").click()
    pane(page, reader).get_by_role("textbox", name="Message").fill("I did")
    page.keyboard.press("Enter")
    expect(counts).to_have_text(["1 comment"])

    # The post is written anew, and keeps its count.
    people.edit_text(writer, post.pk, "Read that")
    expect(pane(page, writer).locator(".message .text")).to_have_text("Read that")
    expect(counts).to_have_text(["1 comment"])
    people.delete_message(reader, SandboxMessage.objects.get(text="I did").pk)
    expect(counts).to_have_text(["Comments"])


def test_a_business_account_chooses_what_the_bot_may_do(
    page: Page, bot: RealBot, writer: SandboxPerson
) -> None:
    connection = people.connect_business(writer)
    page.goto(f"/sandbox/{writer.pk}/")
    page.get_by_label("Greta Lind: change the person or the settings").click()
    page.locator(".fold summary", has_text="Business account").click()
    expect(page.get_by_label("Answer customers")).to_be_checked()

    with page.expect_response("**/rights/"):
        page.get_by_label("Answer customers").uncheck()

    connection.refresh_from_db()
    assert connection.rights == ["can_read_messages", "can_delete_sent_messages", "can_delete_all_messages"]
    page.reload()
    page.get_by_label("Greta Lind: change the person or the settings").click()
    page.locator(".fold summary", has_text="Business account").click()
    expect(page.get_by_label("Answer customers")).not_to_be_checked()


def test_telegram_fails_on_purpose_and_the_log_tells(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    people.open_chat(writer)
    page.goto(f"/sandbox/{writer.pk}/")
    page.get_by_role("button", name="Faults").click()
    page.get_by_role("button", name="Log").click()
    page.get_by_label("What happens").select_option("403")
    page.get_by_label("How many calls").fill("2")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#banner")).to_contain_text("calls left: 2")

    assert bot.raw("sendMessage", {"chat_id": writer.pk, "text": "Hello"})[0] == 403
    expect(page.locator("#banner")).to_contain_text("calls left: 1")
    line = page.locator(".log-line.failed")
    expect(line).to_contain_text("sendMessage")
    expect(line).to_contain_text("Forbidden: bot was blocked by the user")
    line.locator("summary").click()
    expect(line.locator("pre").first).to_contain_text('"text": "Hello"')

    page.locator("#banner").get_by_role("button", name="Switch off").click()
    expect(page.locator("#banner")).to_be_hidden()
    say(bot, writer, "Hello")
    expect(page.locator(".theirs")).to_contain_text("Hello")


def test_a_window_without_a_stream_asks(
    page: Page, bot: RealBot, writer: SandboxPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.open_chat(writer)
    page.route("**/sandbox/events/**", lambda route: route.fulfill(status=204))
    page.goto(f"/sandbox/{writer.pk}/")
    say(bot, writer, "Still here")

    expect(page.locator(".theirs")).to_contain_text("Still here")


def test_leaving_and_blocking_ask_or_tell(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    people.open_chat(writer)
    rows = {"inline_keyboard": [[{"text": "Site", "url": "https://example.org/x"}]]}
    say(bot, writer, "Look", reply_markup=rows)
    page.goto(f"/sandbox/{writer.pk}/")
    page.get_by_role("link", name="Site").click()
    expect(page.locator("#question")).to_contain_text("https://example.org/x")
    page.keyboard.press("Escape")

    page.locator(".chat-menu summary").click()
    page.get_by_role("button", name="Block the bot").click()
    page.get_by_role("button", name="Unblock the bot to write").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def test_enter_twice_sends_once_and_what_follows_is_kept(
    page: Page, bot: RealBot, writer: SandboxPerson
) -> None:
    people.open_chat(writer)
    page.goto(f"/sandbox/{writer.pk}/")
    text = page.get_by_role("textbox", name="Message")
    hold_requests(page)
    page.keyboard.type("First")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(text).to_have_value("")
    page.keyboard.type("Second")
    page.keyboard.press("Enter")
    page.keyboard.type("Third")
    let_go(page)

    expect(page.locator(".mine .text")).to_have_text(["First", "Second"])
    expect(text).to_have_value("Third")
    assert [row.text for row in SandboxMessage.objects.order_by("pk")] == ["First", "Second"]


def test_what_was_not_sent_comes_back(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    people.open_chat(writer)
    say(bot, writer, "Which picture?")
    page.goto(f"/sandbox/{writer.pk}/")
    page.locator(".theirs").hover()
    page.locator(".theirs").get_by_role("button", name="Reply").click()
    page.locator("[data-composer] [name=file]").set_input_files(
        [{"name": f"{name}.png", "mimeType": "image/png", "buffer": PNG} for name in ("one", "two")]
    )
    page.get_by_label("as a file").check()
    text = page.get_by_role("textbox", name="Message")
    text.fill("These")
    hold_requests(page)
    page.keyboard.press("Enter")
    page.keyboard.type("And more")
    lose(page)

    expect(page.locator(".toast")).to_contain_text("The sandbox did not answer")
    expect(text).to_have_value("These\nAnd more")
    expect(page.locator("[data-note]")).to_contain_text("Reply to Which picture?")
    expect(page.locator("[data-file-note]")).to_contain_text("Files: 2")
    expect(page.get_by_label("as a file")).to_be_checked()

    page.reload()
    expect(page.locator(".mine")).to_have_count(0)


def test_what_was_not_sent_from_a_chat_left_meanwhile_is_told(
    page: Page, bot: RealBot, writer: SandboxPerson
) -> None:
    people.create_group(writer, "Rowing")
    page.goto(f"/sandbox/{writer.pk}/")
    hold_requests(page)
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Rowing").click()
    expect(page.get_by_role("heading", name="Rowing")).to_be_visible()
    lose(page)

    expect(page.locator("#alert")).to_contain_text("The sandbox did not answer")


def test_a_form_sent_twice_counts_once(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    page.goto(f"/sandbox/{writer.pk}/")
    page.get_by_label("Greta Lind: change the person or the settings").click()
    page.locator(".fold summary", has_text="New group or channel").click()
    page.get_by_label("Title").fill("Club")
    hold_requests(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    let_go(page)

    expect(page.get_by_role("heading", name="Club")).to_be_visible()
    assert [chat.title for chat in people.chats_of(writer)] == ["Club"]


@pytest.mark.parametrize("has_stream", [True, False])
def test_a_reset_in_another_window_shows(
    page: Page, bot: RealBot, transactional_db: None, has_stream: bool
) -> None:
    demo.fill()
    sara = SandboxPerson.objects.get(username="sara_haddad")
    for number in range(3):
        people.send_text(sara, f"Old {number}")
    if not has_stream:
        page.route("**/sandbox/events/**", lambda route: route.fulfill(status=204))
    page.goto(f"/sandbox/{sara.pk}/")
    expect(page.locator(".mine")).to_have_count(3)

    demo.reset()
    expect(page.locator(".mine")).to_have_count(0)
    people.send_text(sara, "New")
    expect(page.locator(".mine .text")).to_have_text(["New"])


def test_who_leaves_a_chat_is_among_their_other_chats(
    page: Page, bot: RealBot, writer: SandboxPerson
) -> None:
    other = PersonFactory.create(first_name="Omar", last_name="Diaz")
    clubs = [people.create_group(other, title, [writer]) for title in ("Rowing", "Chess")]
    page.goto(f"/sandbox/?pane={writer.pk}.{clubs[0].pk}&pane={other.pk}.{clubs[1].pk}")
    pane(page, other).get_by_role("textbox", name="Message").fill("Typed beside")
    pane(page, writer).locator(".chat-menu summary").click()
    pane(page, writer).get_by_role("button", name="Leave").click()
    page.locator("#question").get_by_role("button", name="Leave").click()
    expect(pane(page, writer).locator(".no-chat")).to_be_attached()
    expect(page).to_have_url(re.compile(rf"pane={writer.pk}&pane={other.pk}\.{clubs[1].pk}$"))

    # Who is put out does not take the keyboard from whoever writes beside.
    page.goto(f"/sandbox/?pane={writer.pk}.{clubs[1].pk}&pane={other.pk}.{clubs[1].pk}")
    text = pane(page, other).get_by_role("textbox", name="Message")
    text.focus()
    people.leave(writer, clubs[1])
    expect(pane(page, writer).locator(".no-chat")).to_be_attached()
    expect(text).to_be_focused()


def test_the_last_chat_that_was_clicked_opens(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    other = PersonFactory.create(first_name="Omar", last_name="Diaz")
    for title in ("Rowing", "Chess"):
        people.create_group(other, title, [writer])
    page.goto(f"/sandbox/?pane={writer.pk}")
    hold_requests(page, "GET")
    page.get_by_role("link", name="Chess").click()
    page.get_by_role("link", name="Rowing").click()
    let_go(page)

    expect(page.get_by_role("heading", name="Rowing")).to_be_visible()
    page.get_by_role("textbox", name="Message").fill("Who rows?")
    page.keyboard.press("Enter")
    expect(page.locator(".mine .text")).to_have_text(["Who rows?"])


def test_a_server_that_is_away_is_told_of(page: Page, bot: RealBot, writer: SandboxPerson) -> None:
    other = PersonFactory.create(first_name="Omar", last_name="Diaz")
    people.create_group(other, "Rowing", [writer])
    page.goto(f"/sandbox/?pane={writer.pk}.{writer.pk}")
    away = "The sandbox did not answer"
    lose_the_server(page)
    page.get_by_role("link", name="Rowing").click()
    expect(page.locator(".toast")).to_contain_text(away)
    expect(page.get_by_role("heading", name="Switchboard Demo")).to_be_visible()

    page.locator(".toast").evaluate("(toast) => { toast.hidden = true; }")
    page.get_by_role("button", name="Person beside").click()
    expect(page.locator(".toast")).to_contain_text(away)
    page.get_by_role("button", name="Reset").click()
    page.locator("#question").get_by_role("button", name="Reset").click()
    expect(page.locator("#alert")).to_contain_text(away)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Faults").click()
    page.locator("#switches [name=limits]").click()  # it goes back by itself
    expect(page.locator("#alert")).to_contain_text(away)
