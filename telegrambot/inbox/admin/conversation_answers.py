"""The answer box: what a form sent, read into an answer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.utils.html import escape
from django.utils.translation import get_language

from config.admin_search import whole_number
from telegrambot.engine.delivery import plain
from telegrambot.engine.html_markup import MarkupError, parse_html
from telegrambot.engine.outbox import MAX_ALBUM
from telegrambot.engine.pictures import PHOTO_TYPES, fits_as_photo, picture_type
from telegrambot.engine.replies import Document, Media, Photo, Upload
from telegrambot.inbox import buttons, saved_replies
from telegrambot.inbox.exceptions import FileTooLarge, TooManyFiles
from telegrambot.inbox.models import Conversation

_MEGABYTE = 1024 * 1024
# All files of an answer together; the database keeps them for some days.
MAX_MEGABYTES = 20
_BUTTONS = 3
_SAVED = 200


def box(conversation: Conversation, typed: Any = None) -> dict[str, Any]:
    """What the answer box shows. One query.

    Args:
        typed: what was sent and refused, to be sent again.
    """
    person = conversation.dialog.person
    language = person.language if person is not None else (get_language() or "en")
    labels, targets = (typed.getlist(name) if typed else [] for name in ("button_text", "button_target"))
    pairs = list(zip(labels, targets, strict=False))[:_BUTTONS]
    return {
        "key": (typed or {}).get("key") or new_key(),
        "text": (typed or {}).get("text", ""),
        "is_html": "is_html" in (typed or {}),
        "saved_reply": (typed or {}).get("saved_reply", ""),
        "buttons": pairs + [("", "")] * (_BUTTONS - len(pairs)),
        "saved": [
            {"row": row, **_insertable(saved_replies.filled(row, person))}
            for row in saved_replies.offered(language)[:_SAVED]
        ],
        "max_files": MAX_ALBUM,
    }


def new_key() -> str:
    """A key that makes an answer go once, however often its form is sent."""
    return str(uuid4())


def read(request: HttpRequest) -> dict[str, Any]:
    """The arguments of `answering.answer`.

    Raises:
        DomainError: a file is too large, a button is none, a saved reply is gone.
    """
    form = request.POST
    text = form.get("text", "").replace("\r\n", "\n").replace("\x00", "").strip()
    saved = whole_number(form.get("saved_reply", ""))
    return {
        "text": text if "is_html" in form else escape(text),
        "media": _files(request),
        "buttons": buttons.read(_rows(form)),
        "saved_reply": saved_replies.find(saved) if saved is not None and text else None,
        "key": form.get("key") or new_key(),
        "seen_up_to": whole_number(form.get("seen_up_to", "")),
    }


def _rows(form: Any) -> list[list[dict[str, str]]]:
    pairs = zip(form.getlist("button_text"), form.getlist("button_target"), strict=False)
    kinds = [(text.strip(), target.strip()) for text, target in pairs if text.strip() or target.strip()]
    return [
        [{"text": text, "url" if "://" in target else "command": target}] for text, target in kinds[:_BUTTONS]
    ]


def _files(request: HttpRequest) -> list[Media]:
    uploaded = request.FILES.getlist("files")
    if len(uploaded) > MAX_ALBUM:
        raise TooManyFiles(most=MAX_ALBUM)
    total = 0
    for one in uploaded:
        total += one.size or 0
        if total > MAX_MEGABYTES * _MEGABYTE:
            raise FileTooLarge(name=one.name, most=MAX_MEGABYTES)
    uploads = [Upload(one.name or "file", one.read()) for one in uploaded]
    # An album is of one kind. What is too large for a photo goes as a file.
    are_photos = all(
        picture_type(upload.content) in PHOTO_TYPES and fits_as_photo(upload.content) for upload in uploads
    )
    return [Photo(upload) if are_photos else Document(upload) for upload in uploads]


def _insertable(filled: str) -> dict[str, Any]:
    """A saved reply as it is put into the box: with markup only if it has some."""
    try:
        has_markup = bool(parse_html(filled).entities)
    except MarkupError:
        has_markup = True
    shown = plain(filled)
    return {"text": filled if has_markup else shown, "shown": shown, "has_markup": has_markup}
