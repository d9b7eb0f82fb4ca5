"""Every page in a real browser: no console error, no breach of the security policy, no serious barrier.

Pages are named by their address alone, so these tests hold whatever the pages are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import House
from tests.e2e.people import OPERATOR, PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERIOUS = {"serious", "critical"}
# What is not ours to mend: axe's rule, a part of the element, and whose it is.
KNOWN = (
    (
        "aria-input-field-name",
        'class="select2-selection',
        "select2, Django's autocomplete, names no combobox",
    ),
    ("link-in-text-block", 'href="../password/"', "Unfold underlines no link in Django's password hint"),
    ("color-contrast", 'href="../password/"', "and gives it a colour that is too pale in the dark"),
)


@dataclass
class Visitor:
    """A browser window that remembers what went wrong on each page."""

    page: Page
    root: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._note(str(error)))

    def _console(self, message) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self._note(message.text)

    def _note(self, what: str) -> None:
        self.problems.append(f"{self.page.url.removeprefix(self.root)}: {what}")

    def visit(self, address: str) -> None:
        """Open a page, let its scripts come to rest, and look for barriers."""
        answer = self.page.goto(f"{self.root}{address}")
        assert answer is not None
        assert answer.ok, f"{address} answered {answer.status}"
        self.check()

    def check(self) -> None:
        """Note what axe-core finds serious on the page as it is now."""
        self.page.wait_for_timeout(300)
        for rule in Axe().run(self.page).response["violations"]:
            for node in rule["nodes"]:
                if node["impact"] in SERIOUS and not _is_known(rule["id"], node["html"]):
                    self._note(f"{rule['id']} ({node['impact']}): {node['html'][:300]}")


def _is_known(rule: str, html: str) -> bool:
    return any(rule == known and part in html for known, part, _whose in KNOWN)


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium of this test's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def stranger(request, browser: Browser, house_without_bot: House) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    context = browser.new_context(color_scheme=request.param, locale="en")
    yield Visitor(context.new_page(), house_without_bot.root)
    context.close()


@pytest.fixture
def operator(stranger: Visitor) -> Visitor:
    """An owner, signed in as a person does it."""
    page = stranger.page
    page.goto(f"{stranger.root}/admin/")
    page.get_by_label("Username").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stranger.root}/admin/")
    return stranger


def test_sign_in(stranger):
    stranger.visit("/account/login/")
    page = stranger.page
    page.get_by_label("Username").fill(OPERATOR)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("not correct").wait_for()
    stranger.check()

    assert not stranger.problems, "\n".join(stranger.problems)


def test_the_sandbox(stranger, house_without_bot):
    person = house_without_bot.database.value("SELECT min(telegram_id) FROM sandbox_person")

    stranger.visit("/sandbox/")
    stranger.visit(f"/sandbox/{person}/")

    assert not stranger.problems, "\n".join(stranger.problems)


def test_home_lists_and_what_they_lead_to(operator):
    operator.visit("/admin/")
    for model in admin.site._registry:
        meta = model._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        operator.visit(address)
        rows = operator.page.locator(f"#result_list a[href*='{address}'][href*='/change/']")
        if rows.count():
            operator.visit(rows.first.get_attribute("href") or "")

    assert not operator.problems, "\n".join(operator.problems)


def test_security_pages(operator):
    page = operator.page
    operator.visit("/account/security/")
    operator.visit("/account/sessions/")
    operator.visit("/account/password/")
    operator.visit("/account/security/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("img", name="QR code").wait_for()
    operator.check()
    operator.visit("/account/security/webauthn/add/")

    assert not operator.problems, "\n".join(operator.problems)
