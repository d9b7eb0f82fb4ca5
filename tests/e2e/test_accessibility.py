"""Every page in a real browser: no console error, no breach of the security policy, no serious barrier.

Pages are named by their address alone, so these tests hold whatever the pages are made of.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser

from tests.e2e.conftest import House
from tests.e2e.people import OPERATOR, PASSWORD
from tests.e2e.windows import Window

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]
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


class Visitor(Window):
    """Somebody who looks for barriers on every page."""

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
                    self.note(f"{rule['id']} ({node['impact']}): {node['html'][:300]}")


def _is_known(rule: str, html: str) -> bool:
    return any(rule == known and part in html for known, part, _whose in KNOWN)


@pytest.fixture(params=["light", "dark"])
def stranger(request, browser: Browser, house_without_bot: House) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    context = browser.new_context(color_scheme=request.param, locale="en")
    yield Visitor(context.new_page(), house_without_bot.root)
    context.close()


@pytest.fixture
def operator(stranger: Visitor) -> Visitor:
    """An owner, signed in as a person does it."""
    stranger.sign_in()
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
