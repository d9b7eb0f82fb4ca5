"""Photos and videos in a form: several at once, checked by their bytes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.errors import DomainError
from telegrambot.broadcasts.exceptions import FileTooLarge, TooManyFiles
from telegrambot.broadcasts.files import File
from telegrambot.broadcasts.models import MAX_MEDIA_BYTES
from telegrambot.engine.outbox import MAX_ALBUM

_MEGABYTE = 1024 * 1024


class FilesWidget(forms.FileInput):
    """A file input that takes many."""

    template_name = "broadcasts/admin/files_input.html"
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """All of them."""
        return files.getlist(name) if hasattr(files, "getlist") else []


class FilesField(forms.FileField):
    """Files to upload, in the order in which they were chosen."""

    widget = FilesWidget

    def clean(self, data: Any, initial: Any = None) -> list[File]:
        """Read them.

        Raises:
            ValidationError: there are too many, or one is too large, or nothing that Telegram takes.
        """
        uploaded = [super(FilesField, self).clean(one, None) for one in data or []]
        try:
            if len(uploaded) > MAX_ALBUM:
                raise TooManyFiles(most=MAX_ALBUM)
            for one in uploaded:
                if one.size > MAX_MEDIA_BYTES:
                    raise FileTooLarge(name=one.name, most=MAX_MEDIA_BYTES // _MEGABYTE)
                one.seek(0)  # a form may be read twice
            files = [File(one.name, one.read()) for one in uploaded]
            for file in files:
                _ = file.kind
        except DomainError as error:
            raise ValidationError(str(error)) from None
        return files

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything was chosen."""
        return bool(data)
