"""Photos that people upload: what they are is read from their bytes, never from their names."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.exceptions import UnfitPhoto
from telegrambot.engine.pictures import PHOTO_TYPES, fits_as_photo, picture_type
from telegrambot.guides.models import MAX_COVER_BYTES

_MAX_NAME = 100


class CoverField(forms.FileField):
    """A photo that Telegram takes."""

    def clean(self, data: Any, initial: Any = None) -> UploadedFile | None:
        """Check size and kind.

        Raises:
            ValidationError: it is too large, no photo, or none that Telegram takes.
        """
        uploaded: UploadedFile | None = super().clean(data, initial) or None
        if uploaded is None:
            return None
        if (uploaded.size or 0) > MAX_COVER_BYTES:
            raise ValidationError(_("The photo is larger than 5 MB. Please choose a smaller one."))
        content = uploaded.read()
        uploaded.seek(0)
        if (kind := picture_type(content)) not in PHOTO_TYPES:
            raise ValidationError(_("That is no JPEG, PNG or WebP photo. Please choose another file."))
        if not fits_as_photo(content):
            raise ValidationError(str(UnfitPhoto(name=uploaded.name)))
        suffix = kind.removeprefix("image/")
        uploaded.name = PurePath(uploaded.name or "cover").stem[: _MAX_NAME - 5] + "." + suffix
        return uploaded
