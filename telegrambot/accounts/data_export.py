"""All that is stored about a person, as files: one to read, one for programs.

Both are written row by row as the database gives them, so that a hundred thousand messages need no more
memory than ten. What outgrows a message of Telegram's is packed.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit.models import EventLog
from audit.services import record
from telegrambot.accounts import personal_data
from telegrambot.accounts.exceptions import TooMuchData, TooSoon
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding

ONCE_IN = timedelta(hours=1)
EXPORTED = "accounts.person.exported"
# A bot may send 50 MB: https://core.telegram.org/bots/api#senddocument
MAX_BYTES = 45_000_000
# Above this a file is packed; it also bounds the memory that a file takes on its way.
PACKED_ABOVE = 10_000_000

_AT_ONCE = 1000
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:60rem}"
    ":root{color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%;display:block;overflow-x:auto;margin-bottom:2rem}"
    "th,td{border:1px solid #8884;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "td{min-width:6rem;white-space:pre-wrap;overflow-wrap:anywhere}"
)


def titles(person: TelegramUser) -> list[str]:
    """What is kept of a person, in words, without the details.

    Nobody should wait for a look at a whole table: what only that could tell is named in any case.
    """
    kept = (holding for holding in _exported() if holding.arrives_by or holding.rows(person).exists())
    return list(dict.fromkeys(str(holding.title) for holding in kept))


def register_request(person: TelegramUser) -> None:
    """Record that a person asked for their data.

    Raises:
        TooSoon: they did so less than an hour ago.
    """
    asked = EventLog.objects.of(person).by(str(person.pk)).filter(action=EXPORTED)
    if asked.since(timezone.now() - ONCE_IN).exists():
        raise TooSoon
    record(EXPORTED, person)


def register_handing_out(person: TelegramUser) -> None:
    """Record that an operator took a person's data."""
    record(EXPORTED, person)


def files(person: TelegramUser) -> list[tuple[str, bytes]]:
    """The files for a message, in the language that is switched on: names and contents.

    Raises:
        TooMuchData: one does not fit into a message, not even packed.
    """
    return [_file("my-data.html", html_of(person)), _file("my-data.json", json_of(person))]


def json_of(person: TelegramUser) -> Iterator[str]:
    """The file for programs, piece by piece."""
    yield f'{{"written_at": {_json(timezone.now())}, "data": {{'
    for place, holding in enumerate(_exported()):
        yield f"{',' if place else ''}\n{_json(holding.name)}: ["
        names = list(holding.fields)
        for number, row in enumerate(_rows(holding, person)):
            yield f"{',' if number else ''}\n{_json(dict(zip(names, row, strict=True)))}"
        yield "]"
    yield "\n}}\n"


def html_of(person: TelegramUser) -> Iterator[str]:
    """The file to read, piece by piece: a page that needs nothing from anywhere."""
    title = escape(_("All that is stored about you"))
    written = _("As of {moment}").format(moment=formats.date_format(timezone.localtime(), "DATETIME_FORMAT"))
    yield f'<!DOCTYPE html>\n<html lang="{get_language() or "en"}"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1><p>{written}</p>\n"
    for holding in _exported():
        yield from _section(holding, _rows(holding, person))
    yield "</body></html>\n"


def _exported() -> list[Holding]:
    # What is erased last says most: the person, their chats, what was said there.
    return [holding for holding in reversed(personal_data.holdings()) if holding.fields]


def _rows(holding: Holding, person: TelegramUser) -> Iterable[tuple[Any, ...]]:
    rows = holding.rows(person).order_by("pk").values_list(*holding.fields)
    return rows.iterator(chunk_size=_AT_ONCE)


def _section(holding: Holding, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """A heading and a table, which lies on its side for the person; nothing when there are no rows."""
    labels = [f'<th scope="col">{escape(label)}</th>' for label in holding.fields.values()]
    choices = [_choices(holding.model, name) for name in holding.fields]
    is_empty = True
    for row in rows:
        cells = [
            f"<td>{escape(_in_words(known[value] if known else value))}</td>"
            for known, value in zip(choices, row, strict=True)
        ]
        if is_empty:
            yield f"<h2>{escape(holding.title)}</h2>\n<table>"
            is_empty = False
            if holding.model is TelegramUser:
                pairs = zip(labels, cells, strict=True)
                yield "\n".join(f"<tr>{label}{cell}</tr>" for label, cell in pairs).replace('"col"', '"row"')
                continue
            yield f"<thead><tr>{''.join(labels)}</tr></thead>\n"
        yield f"<tr>{''.join(cells)}</tr>\n"
    if not is_empty:
        yield "</table>\n"


def _choices(model: type[models.Model], name: str) -> dict[Any, Any]:
    column = None if "__" in name else model._meta.get_field(name)
    return dict(getattr(column, "flatchoices", ()))


def _in_words(value: Any) -> str:
    match value:
        case None | "" | {} | []:
            return "–"
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)


def written(pieces: Iterable[str]) -> IO[bytes]:
    """A file of pieces, on the disk, to be read from its beginning; it goes when it is closed."""
    with ExitStack() as unless_whole:
        file = unless_whole.enter_context(tempfile.TemporaryFile())
        for piece in pieces:
            file.write(piece.encode(errors="replace"))
        file.seek(0)
        unless_whole.pop_all()
    return file


def _file(name: str, pieces: Iterable[str]) -> tuple[str, bytes]:
    with written(pieces) as plain:
        if _size(plain) <= PACKED_ABOVE:
            return name, plain.read()
        with tempfile.TemporaryFile() as packed:
            with (
                zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
                archive.open(name, "w") as entry,
            ):
                shutil.copyfileobj(plain, entry)
            if _size(packed) > MAX_BYTES:
                raise TooMuchData
            return f"{name}.zip", packed.read()


def _size(file: IO[bytes]) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size
