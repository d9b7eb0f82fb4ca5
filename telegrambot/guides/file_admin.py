"""Guides into files, and out of them: choose a file, look at what it would change, confirm."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, JSON, XLSX, TablibFormat
from import_export.forms import ConfirmImportForm
from import_export.results import Result
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from telegrambot.guides.exceptions import NothingToConfirm, UnreadableFile
from telegrambot.guides.models import Guide
from telegrambot.guides.previews import PreviewStorage
from telegrambot.guides.resources import GuideResource

MAX_FILE_MB = 20
# A longer reason does not fit into a sentence.
_LONGEST_PROBLEM = 200


class Readable(TablibFormat):
    """A format that says in a sentence that a file is of another one."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        """Read a file.

        Raises:
            UnreadableFile: it is of another format.
        """
        try:
            return super().create_dataset(in_stream, **kwargs)
        except Exception as problem:  # each format has errors of its own
            raise UnreadableFile from problem


class MarkedCSV(Readable, CSV):
    """CSV that spreadsheets know to be UTF-8: by the mark at its beginning."""

    def export_data(self, dataset: Any, **kwargs: Any) -> str:
        return f"\ufeff{super().export_data(dataset, **kwargs)}"


class NamedJSON(Readable, JSON):
    """JSON whose rows name their columns."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        """Read a file.

        Raises:
            UnreadableFile: it is no JSON, or no list of objects.
        """
        rows = super().create_dataset(in_stream, **kwargs)
        if rows and not rows.headers:
            raise UnreadableFile
        return rows


class Spreadsheet(Readable, XLSX):
    """The first sheet of a workbook."""


# A cell of XLSX holds no long text, no control character, and calculates what begins with "=".
EXPORT_FORMATS = (MarkedCSV, NamedJSON)
IMPORT_FORMATS = (*EXPORT_FORMATS, Spreadsheet)


class GuideImportForm(ImportForm):
    """A file to import."""

    def clean_import_file(self) -> UploadedFile:
        uploaded: UploadedFile = self.cleaned_data["import_file"]
        if (uploaded.size or 0) > MAX_FILE_MB * 1024 * 1024:
            raise ValidationError(
                _("The file is larger than {most} MB. Please split it.").format(most=MAX_FILE_MB)
            )
        return uploaded


class GuideConfirmForm(ConfirmImportForm):
    """A file that was previewed."""

    format = forms.ChoiceField(
        choices=[(str(number), str(number)) for number in range(len(IMPORT_FORMATS))],
        widget=forms.HiddenInput,
    )


class GuideFilesAdmin(ImportExportModelAdmin):
    """The pages of the import and the export."""

    resource_classes = (GuideResource,)
    import_form_class = GuideImportForm
    confirm_form_class = GuideConfirmForm
    export_form_class = ExportForm
    export_formats = EXPORT_FORMATS
    import_formats = IMPORT_FORMATS
    tmp_storage_class = PreviewStorage

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Guide]:
        """In the order they were written: readers find them in the order in which they were imported."""
        chosen: QuerySet[Guide] = super().get_export_queryset(request)
        return chosen.order_by("created_at", "pk")

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """All of a file or nothing of it, also when a row is wrong only since the preview."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """Export what the list shows; all of it, if the address holds something that no filter knows."""
        try:
            answer: HttpResponse = super().export_action(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        return answer

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Import what was previewed; say so when it is not there any more, or cannot be read."""
        try:
            answer: HttpResponse = super().process_import(request, **kwargs)
        except (NothingToConfirm, UnreadableFile) as refusal:
            return self._refuse(request, str(refusal))
        return answer

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        """Say it in our words, which name no error of the program."""
        form.add_error("import_file", str(UnreadableFile()))

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """Say what became of the import."""
        if result.has_errors() or result.has_validation_errors():
            problem = _("Nothing was imported. {problem}").format(problem=_first_problem(result))
            return self._refuse(request, problem)
        answer: HttpResponse = super().process_result(result, request)
        return answer

    def _refuse(self, request: HttpRequest, sentence: str) -> HttpResponse:
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:guides_guide_import"))


def _first_problem(result: Result) -> str:
    """Which row is wrong, and why."""
    if result.base_errors:
        return _short(str(result.base_errors[0].error))
    if result.invalid_rows:
        row = result.invalid_rows[0]
        number, problem = row.number, " ".join(row.error.messages)
    else:
        number, errors = result.row_errors()[0]
        problem = str(errors[0].error)
    return _("Row {number}: {problem}").format(number=number, problem=_short(problem))


def _short(problem: str) -> str:
    # What a database says goes on for lines.
    return Truncator(problem.partition("\n")[0]).chars(_LONGEST_PROBLEM)
