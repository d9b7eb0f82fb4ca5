"""The board and the pages in a real browser: by mouse, by keyboard, on small screens, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from projects import services
from projects.models import Feature
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from tests.e2e.windows import ARGUMENTS, Window

pytestmark = pytest.mark.browser

SERIOUS = {"serious", "critical"}


WIDE, SMALL = (1280, "light"), (390, "dark")
# Nobody drags across a screen that shows one lane.
needs_room = pytest.mark.parametrize("screen", [WIDE], indirect=True)


@pytest.fixture(params=[WIDE, SMALL], ids=["wide", "small"])
def screen(request: pytest.FixtureRequest) -> tuple[int, str]:
    """How wide the screen is, and its theme."""
    return request.param


@pytest.fixture
def window(
    screen: tuple[int, str],
    chromium: str,
    live_server: Any,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Window]:
    """An admin's browser."""
    # Playwright keeps an event loop in this thread, where Django would refuse to query.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(UserFactory(person__role=Role.ADMIN))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    width, theme = screen
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = chrome.new_context(
            locale="en", color_scheme=theme, viewport={"width": width, "height": 900}
        )
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        yield Window(context.new_page(), live_server.url)
        # Beside Playwright's event loop Django has another connection than the other tests in this thread.
        connection.close()
        chrome.close()


def open_page(window: Window, name: str, *args: object) -> Page:
    window.page.goto(window.root + reverse(f"admin:projects_{name}", args=args))
    return window.page


def card(page: Page, feature: Feature):
    return page.locator(f"#feature-{feature.pk}")


def lane(page: Page, status: str):
    return page.locator(f"[data-lane={status}]")


def check(window: Window) -> None:
    """No complaint of the console, no barrier, nothing beyond the edge of the screen."""
    for rule in Axe().run(window.page).response["violations"]:
        for node in rule["nodes"]:
            if node["impact"] in SERIOUS and "select2-selection" not in node["html"]:
                window.note(f"{rule['id']}: {node['html'][:200]}")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert window.page.evaluate(overflow) <= 0
    assert window.problems == []


def status_of(feature: Feature) -> str:
    return Feature.objects.get(pk=feature.pk).status


@needs_room
def test_a_card_is_dragged_to_another_lane(window: Window) -> None:
    shop = ProjectFactory(name="Shop")
    login = FeatureFactory(project=shop, name="Login", status="planned")
    page = open_page(window, "project_board", shop.pk)

    card(page, login).drag_to(lane(page, "in_progress"))

    expect(page.get_by_text("“Login” is now: in progress.")).to_be_visible()
    expect(lane(page, "in_progress").get_by_role("link", name="Login")).to_be_visible()
    assert status_of(login) == "in_progress"
    check(window)


@needs_room
def test_a_card_dragged_where_a_reason_is_needed_asks_for_it(window: Window) -> None:
    login = FeatureFactory(name="Login", status="planned")
    page = open_page(window, "project_board", login.project_id)

    card(page, login).drag_to(lane(page, "blocked"))

    reason = card(page, login).get_by_label("because")
    expect(reason).to_be_focused()
    assert status_of(login) == "planned"
    check(window)
    reason.fill("Waits for the bank.")
    reason.press("Enter")
    expect(lane(page, "blocked").get_by_text("Waits for the bank.")).to_be_visible()
    assert status_of(login) == "blocked"
    check(window)


@needs_room
def test_a_card_is_not_dropped_where_it_may_not_go(window: Window) -> None:
    login = FeatureFactory(name="Login", status="done")
    page = open_page(window, "project_board", login.project_id)

    card(page, login).drag_to(lane(page, "blocked"))

    expect(lane(page, "done").get_by_role("link", name="Login")).to_be_visible()
    assert page.locator(".pj-dragging, .pj-over, .pj-may-drop").count() == 0
    assert status_of(login) == "done"


def test_a_card_is_moved_with_the_keyboard_alone(window: Window) -> None:
    login = FeatureFactory(name="Login", status="planned")
    page = open_page(window, "project_board", login.project_id)

    card(page, login).get_by_role("link", name="Login").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(card(page, login).get_by_role("combobox")).to_be_focused()
    page.keyboard.type("blocked")
    page.keyboard.press("Tab")
    expect(card(page, login).get_by_label("because")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    reason = card(page, login).get_by_label("because")
    expect(reason).to_be_focused()
    expect(card(page, login).get_by_text("Please say why")).to_be_visible()
    check(window)
    page.keyboard.type("Waits for the bank.")
    page.keyboard.press("Enter")
    expect(lane(page, "blocked").get_by_role("link", name="Login")).to_be_visible()
    assert status_of(login) == "blocked"
    check(window)


def test_a_row_is_added_on_the_projects_page(window: Window) -> None:
    shop = ProjectFactory(name="Shop")
    page = open_page(window, "project_change", shop.pk)

    page.get_by_text("Add another Feature").click()
    page.locator("#id_features-0-name").fill("Login")
    page.get_by_role("button", name="Save and continue editing").click()

    expect(page.locator("#id_features-0-name")).to_have_value("Login")
    assert Feature.objects.get().project_id == shop.pk
    check(window)


def test_a_second_editor_sees_both_texts(window: Window) -> None:
    login = FeatureFactory(name="Login", description="With a password.")
    page = open_page(window, "feature_change", login.pk)
    services.edit_feature(Feature.objects.get(), actor=None, description="By e-mail.")

    page.get_by_label("Name").fill("Sign-in")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed meanwhile")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Sign-in")
    expect(page.get_by_label("Description")).to_have_value("By e-mail.")
    check(window)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    changed = Feature.objects.get()
    assert (changed.name, changed.description) == ("Sign-in", "By e-mail.")


def test_every_page_is_free_of_barriers(window: Window) -> None:
    shop = ProjectFactory(name="Shop")
    release = ReleaseFactory(project=shop, version="1.0")
    for status in ("backlog", "planned", "in_progress", "blocked", "done", "dropped"):
        FeatureFactory(project=shop, release=release, status=status, status_reason="so", assigned_po="Ann")
    old = ProjectFactory(status="archived")
    feature = FeatureFactory(project=old)
    pages = [
        *(f"{model}_{page}" for model in ("project", "release", "feature") for page in ("changelist", "add")),
        *((f"project_{page}", project.pk) for page in ("change", "board") for project in (shop, old)),
        *((f"{page}_delete", row.pk) for page, row in (("project", shop), ("release", release))),
        ("release_change", release.pk),
        ("feature_change", feature.pk),
    ]

    for page in pages:
        open_page(window, *([page] if isinstance(page, str) else page))
        check(window)
