"""Windows of a real browser that remember what went wrong in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page

from tests.e2e.people import OPERATOR, PASSWORD

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


@dataclass
class Window:
    """A window, and what its console complained about: errors, and what the security policy refused.

    Args:
        root: the web process, such as `http://127.0.0.1:8000`.
    """

    page: Page
    root: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.note(str(error)))

    def _console(self, message) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.note(message.text)

    def note(self, what: str) -> None:
        """Remember a problem of the page as it is now."""
        self.problems.append(f"{self.page.url.removeprefix(self.root)}: {what}")

    def sign_in(self, name: str = OPERATOR) -> None:
        """Sign in to the admin, as a person does it."""
        self.page.goto(f"{self.root}/admin/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.root}/admin/")
