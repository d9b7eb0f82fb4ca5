"""The translations are complete; and the program that collects them finds what it should."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from scripts import messages
from tests.project import ROOT


def test_every_text_is_translated(capsys):
    assert messages.main(ROOT, check=True) == 0, capsys.readouterr().out


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with one text of each kind."""
    (tmp_path / "app" / "templates").mkdir(parents=True)
    (tmp_path / "app" / "tests").mkdir()
    (tmp_path / "app" / "bot.py").write_text(
        'hello = _("Hello, {name}")\n'
        "# Translators: how many are left\n"
        'left = ngettext("one guide", "%(count)s guides", 3)\n'
        'month = pgettext_lazy("month", "May")\n'
        'long = gettext(\n    "in two "\n    "parts"\n)\n'
        "inside = f\"<b>{_('A heading')}</b>\"\n"
    )
    (tmp_path / "app" / "exceptions.py").write_text(
        "class Missing(errors.DomainError):\n"
        '    """There is no {name}\n    here."""\n'
        "class Deeper(Missing):\n"
        '    """Not there either."""\n'
        "class Internal(Exception):\n"
        '    """For developers."""\n'
    )
    (tmp_path / "app" / "templates" / "page.html").write_text(
        "{% load i18n %}\n"
        '<div>\n    <p title="{% translate "It\'s a title" %}">\n'
        "  {% blocktranslate count n=x trimmed %}\n {{ n }} thing\n {% plural %}\n {{ n }} things\n"
        "  {% endblocktranslate %}</p></div>\n"
    )
    (tmp_path / "app" / "tests" / "test_bot.py").write_text('_("Said in a test")\n')
    return tmp_path


@pytest.fixture
def po(project: Path) -> Path:
    """The project's translations, all made."""
    messages.main(project, check=False)
    file = project / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    text = file.read_text(encoding="utf-8")
    for english, russian in {
        'msgid "Hello, {name}"\nmsgstr ""': 'msgid "Hello, {name}"\nmsgstr "Привет, {name}"',
        'msgid "May"\nmsgstr ""': 'msgid "May"\nmsgstr "май"',
        'msgid "in two parts"\nmsgstr ""': 'msgid "in two parts"\nmsgstr "из двух частей"',
        'heading"\nmsgstr ""': 'heading"\nmsgstr "Заголовок"',
        'here."\nmsgstr ""': 'here."\nmsgstr "Здесь нет {name}."',
        'either."\nmsgstr ""': 'either."\nmsgstr "И там нет."',
        'title"\nmsgstr ""': 'title"\nmsgstr "Заголовок"',
        'guides"\nmsgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""': 'guides"\nmsgstr[0] "%(count)s гайд"\n'
        'msgstr[1] "%(count)s гайда"\nmsgstr[2] "%(count)s гайдов"',
        'things"\nmsgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""': 'things"\nmsgstr[0] "%(n)s вещь"\n'
        'msgstr[1] "%(n)s вещи"\nmsgstr[2] "%(n)s вещей"',
    }.items():
        assert english in text
        text = text.replace(english, russian)
    file.write_text(text, encoding="utf-8")
    messages.main(project, check=False)
    return file


def complaints(project: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    failed = messages.main(project, check=True)
    lines = capsys.readouterr().out.splitlines()
    assert failed == bool(lines)
    return [line.removeprefix("locale/ru/LC_MESSAGES/django.po: ") for line in lines[:-1]]


def test_texts_are_found_wherever_people_see_them(project):
    assert {message.id for message in messages.collect(project) if message.id} == {
        "Hello, {name}",
        ("one guide", "%(count)s guides"),
        "May",
        "in two parts",
        "A heading",
        "There is no {name} here.",
        "Not there either.",
        "It's a title",
        ("%(n)s thing", "%(n)s things"),
    }


def test_complete_translations_pass_and_work(project, po, capsys):
    assert complaints(project, capsys) == []
    with po.with_suffix(".mo").open("rb") as compiled:
        russian = gettext.GNUTranslations(compiled)
    assert russian.gettext("There is no {name} here.") == "Здесь нет {name}."
    assert [russian.ngettext("one guide", "%(count)s guides", n) for n in (1, 2, 5, 21)] == [
        "%(count)s гайд",
        "%(count)s гайда",
        "%(count)s гайдов",
        "%(count)s гайд",
    ]
    assert russian.pgettext("month", "May") == "май"


def test_a_second_run_changes_no_byte(project, po):
    before = po.read_bytes(), po.with_suffix(".mo").read_bytes()
    messages.main(project, check=False)
    assert (po.read_bytes(), po.with_suffix(".mo").read_bytes()) == before


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("Привет, {name}", "Привет, {имя}"), "placeholders differ from {name}: 'Hello, {name}'"),
        (('%(count)s гайд"', 'один гайд"'), "placeholders differ from %(count)s: 'one guide'"),
        (('msgstr "май"', 'msgstr ""'), "untranslated: 'May'"),
        (("%(n)s вещей", ""), "untranslated: '%(n)s thing'"),
        (('msgctxt "month"', '#, fuzzy\nmsgctxt "month"'), "fuzzy: 'May'"),
        (('msgid "in two parts"', 'msgid "in three parts"'), "missing: 'in two parts'"),
        (('msgid "in two parts"', 'msgid "in three parts"'), "obsolete: 'in three parts'"),
        (("Заголовок", "Название"), "the compiled file is older than the translations"),
    ],
)
def test_what_is_wrong_is_named(project, po, capsys, change, complaint):
    text = po.read_text(encoding="utf-8")
    assert change[0] in text
    po.write_text(text.replace(*change), encoding="utf-8")
    assert complaint in complaints(project, capsys)


def test_a_changed_text_keeps_its_translation_as_a_proposal(project, po, capsys):
    bot = project / "app" / "bot.py"
    bot.write_text(bot.read_text().replace("Hello, {name}", "Hello {name}!"))
    messages.main(project, check=False)
    assert "Привет, {name}" in po.read_text(encoding="utf-8")
    assert complaints(project, capsys) == ["fuzzy: 'Hello {name}!'"]


def test_a_removed_text_is_kept_aside_until_somebody_deletes_it(project, po, capsys):
    bot = project / "app" / "bot.py"
    bot.write_text(bot.read_text().replace('month = pgettext_lazy("month", "May")', ""))
    messages.main(project, check=False)
    assert complaints(project, capsys) == ["obsolete: 'May'"]


def test_checking_writes_nothing(project, capsys):
    assert "missing: 'May'" in complaints(project, capsys)
    assert not (project / "locale").exists()
