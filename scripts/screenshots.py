"""Take the README's pictures from the running program.

    make run                                  # in one terminal
    .venv/bin/python scripts/screenshots.py   # in another; it writes docs/images/

Needs what `make test` installs, and the system's Chromium. It writes to the bot as owner and newcomer,
so take the pictures of a fresh demo.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SIZE = ViewportSize(width=1280, height=800)
OWNER, NEWCOMER = 1_100_000_001, 1_100_000_004


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("root", nargs="?", default="http://127.0.0.1:8000", help="where make run serves")
    parser.add_argument("--password", type=Path, default=ROOT / "var" / "owner-password")
    options = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE)
        sandbox(page, options.root)
        home(page, options.root, options.password.read_text())
        desk(page, options.root)
        browser.close()


def sandbox(page: Page, root: str) -> None:
    """The owner and the newcomer side by side, each in the middle of something."""
    for person, said in ((NEWCOMER, "/start"), (OWNER, "/help"), (OWNER, "/users")):
        ask(page, root, person, said)
    page.goto(f"{root}/sandbox/?pane={OWNER}.{OWNER}&pane={NEWCOMER}.{NEWCOMER}")
    page.wait_for_timeout(2000)
    page.screenshot(path=IMAGES / "sandbox.png")


def home(page: Page, root: str, password: str) -> None:
    """The admin's home page."""
    page.goto(f"{root}/admin/")
    page.locator("input[name=login]").fill("owner")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/admin/")
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "home.png")


def desk(page: Page, root: str) -> None:
    """The reply desk with a draft of what the newcomer has asked."""
    page.goto(f"{root}/admin/engine/dialog/?q={NEWCOMER}")
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("button", name="Make drafts").click()
    ask(page, root, NEWCOMER, "Good morning! When are you open, on Sunday too?")
    page.goto(f"{root}/admin/inbox/draftreply/desk/")
    page.locator("#dk-text").wait_for(timeout=30_000)
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / "desk.png")


def ask(page: Page, root: str, person: int, text: str) -> None:
    """Let a person write to the bot."""
    page.goto(f"{root}/sandbox/{person}/")
    box = page.get_by_role("textbox", name="Message")
    box.fill(text)
    box.press("Enter")
    page.wait_for_timeout(2500)


if __name__ == "__main__":
    main()
