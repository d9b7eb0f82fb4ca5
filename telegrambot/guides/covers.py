"""Photos that people upload: what they are is read from their bytes, never from their names."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from telegrambot.guides.models import MAX_COVER_BYTES

_MAX_NAME = 100


def kind_of(content: bytes) -> str:
    """`jpeg`, `png` or `webp`; empty for anything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "webp" if content.startswith(b"RIFF") and content[8:12] == b"WEBP" else ""


class CoverField(forms.FileField):
    """A photo that Telegram takes."""

    def clean(self, data: Any, initial: Any = None) -> UploadedFile | None:
        """Check size and kind.

        Raises:
            ValidationError: it is too large, or no photo.
        """
        uploaded: UploadedFile | None = super().clean(data, initial) or None
        if uploaded is None:
            return None
        if (uploaded.size or 0) > MAX_COVER_BYTES:
            raise ValidationError(_("The photo is larger than 5 MB. Please choose a smaller one."))
        kind = kind_of(uploaded.read(16))
        uploaded.seek(0)
        if not kind:
            raise ValidationError(_("That is no JPEG, PNG or WebP photo. Please choose another file."))
        uploaded.name = PurePath(uploaded.name or "cover").stem[: _MAX_NAME - 5] + "." + kind
        return uploaded
