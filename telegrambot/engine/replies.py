"""What a chat view returns: plain data, built without touching the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.utils.functional import Promise

# Telegram refuses longer callback data: https://core.telegram.org/bots/api#inlinekeyboardbutton
MAX_CALLBACK_BYTES = 64
# Telegram cuts what is written on a button when it is longer than a phone is wide.
MAX_LABEL = 60

Text = str | Promise


class Button:
    """One inline button: it presses a chat view registered with `@button`, or opens a link.

    Args:
        label: what the person reads.
        view: the view to call when pressed.
        *args: its arguments (str, int or UUID; all together at most 64 bytes with the view's name).
        url: a link to open instead.

    Raises:
        ValueError: neither or both of `view` and `url`, a view that is no button, or arguments too long.
    """

    __slots__ = ("data", "label", "url")

    def __init__(
        self, label: Text, view: Callable[..., Reply | None] | None = None, *args: object, url: str = ""
    ) -> None:
        if (view is None) == (not url):
            raise ValueError("A button has either a view or a url.")
        self.label, self.url, self.data = label, url, ""
        if view is not None:
            name = getattr(view, "button_name", None)
            if name is None:
                raise ValueError(f"{view!r} is not registered with @button.")
            self.data = ":".join([name, *(_escape(str(arg)) for arg in args)])
            if len(self.data.encode()) > MAX_CALLBACK_BYTES:
                raise ValueError(f"Callback data {self.data!r} is longer than {MAX_CALLBACK_BYTES} bytes.")


def arguments(data: str) -> list[str]:
    """The arguments in a button's callback data."""
    return [part.replace("%3A", ":").replace("%25", "%") for part in data.split(":")[1:]]


def _escape(argument: str) -> str:
    return argument.replace("%", "%25").replace(":", "%3A")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file the view made itself; the database keeps it for some days, so that it can be sent again.

    Args:
        key: of what is sent again and again; the same as long as the content is (see `outbox.keep_files`).
    """

    name: str
    content: bytes = field(repr=False)
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """A photo, video, document, …: a Telegram file id, an https link, or an `Upload`."""

    kind: Literal["photo", "video", "document", "voice", "audio", "animation", "sticker", "video_note"]
    source: str | Upload


def Photo(source: str | Upload) -> Media:  # noqa: N802  (reads as a type at the call)
    """A photo to send."""
    return Media("photo", source)


def Video(source: str | Upload) -> Media:  # noqa: N802
    """A video to send."""
    return Media("video", source)


def Document(source: str | Upload) -> Media:  # noqa: N802
    """A document to send."""
    return Media("document", source)


@dataclass(slots=True)
class Reply:
    """What the person gets to see.

    Args:
        text: Telegram HTML (escape what people typed); split at paragraph ends when longer than one message.
        buttons: rows of buttons, below the last part of the text.
        media: one photo, video or document, or several as an album.
        new: say it in a new message even when a button was pressed; otherwise the screen is edited in place.
        toast: a short notice over the chat after a press (plain text, at most 200 characters).
        alert: the same as a dialog that the person has to close.
        ask: a view registered with `@answer` that gets the person's next text.
        data: what that view will find in `request.data` (JSON).
        leaves: the chat is no longer in the middle of anything.
        about: whose words or name it repeats to somebody else: it goes when that person is erased.
    """

    text: Text = ""
    buttons: Sequence[Sequence[Button]] = ()
    media: Media | Sequence[Media] = ()
    new: bool = False
    toast: Text = ""
    alert: Text = ""
    ask: Callable[..., Reply | None] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    leaves: bool = False
    about: UUID | None = None

    @property
    def album(self) -> Sequence[Media]:
        """The media as a list."""
        return [self.media] if isinstance(self.media, Media) else self.media
