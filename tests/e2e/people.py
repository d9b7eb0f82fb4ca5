"""People in front of a browser, without the browser: the sandbox's page and the admin, over HTTP."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import httpx

from tests.databases import Database
from tests.processes import wait_until

OPERATOR, PASSWORD = "operator", "an-operator-of-the-tests-7"


@dataclass
class Person:
    """Somebody with a chat in the sandbox.

    Args:
        root: the web process, such as `http://127.0.0.1:8000`.
        key: the person's number in the sandbox.
    """

    root: str
    key: int
    client: httpx.Client

    @classmethod
    def named(cls, username: str, root: str, database: Database, client: httpx.Client) -> Person:
        """One of the demo's people."""
        key = database.value("SELECT telegram_id FROM sandbox_person WHERE username = %s", username)
        person = cls(root, key, client)
        assert person.client.get(person.page).status_code == httpx.codes.OK
        return person

    @property
    def page(self) -> str:
        """The address of the chat."""
        return f"{self.root}/sandbox/{self.key}/"

    def act(self, name: str, **data: str | int) -> httpx.Response:
        """Do what a button of the page does."""
        token = {"X-CSRFToken": self.client.cookies["csrftoken"]}
        return self.client.post(f"{self.page}{name}/", data=data, headers=token)

    def types(self, text: str) -> None:
        """Send a text."""
        response = self.act("send", text=text)
        assert response.status_code == httpx.codes.OK, response.text

    def sees(self) -> list[str]:
        """The texts of the bot's messages in the chat."""
        shown = self.client.get(f"{self.page}changes/", params={"since": 0}).json()["messages"]
        theirs = [message["html"] for message in shown if 'class="message theirs"' in message["html"]]
        return [_text(item) for item in theirs]

    def waits_for(self, words: str) -> str:
        """Wait until the bot's last message has these words; the whole of it.

        Raises:
            NotYet: it has not come in 20 seconds.
        """
        wait_until(lambda: words in "".join(self.sees()[-1:]), f"the answer {words!r}", every=0.2)
        return self.sees()[-1]

    def presses(self, label: str) -> None:
        """Press the newest button with this label."""
        page = self.client.get(self.page).text
        pattern = r'data-press="(\d+)" data-row="(\d+)" data-column="(\d+)">([^<]*)</button>'
        places = [found[:3] for found in re.findall(pattern, page) if html.unescape(found[3]) == label]
        assert places, f"There is no button {label!r}."
        message, row, column = map(int, places[-1])
        response = self.act("press", message_id=message, row=row, column=column)
        assert response.status_code == httpx.codes.OK, response.text


def _text(item: str) -> str:
    found = re.search(r'<div class="text" dir="auto">(.*?)</div>', item, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", found.group(1))) if found else ""


def sign_in(client: httpx.Client) -> None:
    """Let a browser sign in to the admin as `OPERATOR`."""
    client.get("/admin/")
    credentials = {"login": OPERATOR, "password": PASSWORD, "next": "/admin/"}
    token = {"X-CSRFToken": client.cookies["csrftoken"]}
    response = client.post("/account/login/", data=credentials, headers=token)
    assert response.url.path == "/admin/", "The operator was not let in."
