"""Collect the texts that people see, merge them into the translations, compile those; or check all that.

    python scripts/messages.py            # after changing a text or a translation
    python scripts/messages.py --check    # exit code 1 and one line for each thing that is wrong

Does what GNU gettext's programs do for Django, without asking people to install them, and knows one
source more: the docstring of a DomainError is a sentence that people read.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("ru",)  # English is what the code says itself
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# Nobody but developers reads what these hold.
SKIPPED_FOLDERS = frozenset(
    {"benchmarks", "docs", "locale", "migrations", "scripts", "static", "tests", "var"}
)
TEMPLATE_SUFFIXES = frozenset({".html", ".txt"})
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{[^{}\s]*\}")


class TranslationCatalog(Catalog):
    """A catalog whose header depends on nothing but the language, so files change only when texts do."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header lines, without dates, names and versions of tools."""
        return [
            ("Project-Id-Version", "Switchboard"),
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"{self.plural_forms}\n"),
        ]

    @classmethod
    def read(cls, file: Path, language: str) -> TranslationCatalog:
        """The translations in `file`, none if it does not exist."""
        catalog = cls(
            language,
            header_comment="# What Switchboard says, in another language. See CONTRIBUTING.md.",
            fuzzy=False,
        )
        if file.exists():
            with file.open("rb") as lines:
                stored = read_po(lines, locale=language)
            for message in stored:
                if message.id:
                    catalog[message.id] = message
            catalog.obsolete = stored.obsolete
        return catalog

    def as_po(self) -> bytes:
        """The catalog for translators."""
        lines = BytesIO()
        write_po(lines, self, width=110, include_lineno=False, sort_by_file=True)
        return lines.getvalue()

    def as_mo(self) -> bytes:
        """The catalog for the program."""
        compiled = BytesIO()
        write_mo(compiled, self)
        return compiled.getvalue()


def collect(root: Path) -> Catalog:
    """Every translatable text below `root`, with the files it is in."""
    found = Catalog()
    error_names = _names_of_domain_errors(root)
    for file in _files(root, {".py", *TEMPLATE_SUFFIXES}):
        place = [(file.relative_to(root).as_posix(), 0)]
        source = file.read_text(encoding="utf-8")
        if file.suffix == ".py":
            module = ast.parse(source)
            for sentence in _docstrings(module, error_names):
                found.add(sentence, locations=place)
            for text, context in _marked(module):
                found.add(text, locations=place, context=context)
        elif "templates" in file.relative_to(root).parts:
            # What is not a message comes back as rows of X, whose indentation means nothing to Python.
            source = "\n".join(line.lstrip() for line in templatize(source).splitlines())
            for _line, text, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
                found.add(text, locations=place, context=context)
    return found


def _marked(module: ast.Module) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """What stands in calls of gettext and its kin, with its context, in order.

    Babel's own reader of Python passes over what is inside an f-string before Python 3.12.
    """
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        if name not in KEYWORDS:
            continue
        texts, context = [], None
        for place in KEYWORDS[name] or (1,):
            number, is_context = place if isinstance(place, tuple) else (place, False)
            argument = call.args[number - 1] if len(call.args) >= number else None
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                break
            if is_context:
                context = argument.value
            else:
                texts.append(argument.value)
        else:
            yield (texts[0] if len(texts) == 1 else tuple(texts)), context


def _files(folder: Path, suffixes: set[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if (
                path.name not in SKIPPED_FOLDERS
                and not path.name.startswith(".")
                and not (path / "pyvenv.cfg").exists()
            ):
                yield from _files(path, suffixes)
        elif path.suffix in suffixes:
            yield path


def _names_of_domain_errors(root: Path) -> set[str]:
    """The names of DomainError and of its direct and indirect subclasses, wherever they are defined."""
    bases: dict[str, set[str]] = {}
    for file in _files(root, {".py"}):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(
                    ast.unparse(base).rpartition(".")[2] for base in node.bases
                )
    names = {"DomainError"}
    while more := {name for name, parents in bases.items() if parents & names} - names:
        names |= more
    return names


def _docstrings(module: ast.Module, class_names: set[str]) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and node.name in class_names and (text := ast.get_docstring(node)):
            yield " ".join(text.split())


def problems(catalog: TranslationCatalog, source: Catalog, compiled: bytes) -> Iterator[str]:
    """What is wrong with a translation, a line each.

    Args:
        catalog: the translation as stored.
        source: what the code says.
        compiled: the content of the compiled file beside it.
    """
    for message in source:
        if message.id and catalog.get(message.id, message.context) is None:
            yield f"missing: {_shown(message)}"
    for message in catalog:
        if message.id:
            yield from _problems_of(message, source)
    for message in catalog.obsolete.values():
        yield f"obsolete: {_shown(message)}"
    if compiled != catalog.as_mo():
        yield "the compiled file is older than the translations"


def _problems_of(message: Message, source: Catalog) -> Iterator[str]:
    translations = [message.string] if isinstance(message.string, str) else message.string or [""]
    if source.get(message.id, message.context) is None:
        yield f"obsolete: {_shown(message)}"
    elif message.fuzzy:
        yield f"fuzzy: {_shown(message)}"
    elif not all(translations):
        yield f"untranslated: {_shown(message)}"
    else:
        # Of a plural, every form has to hold the number: Russian's first form is for 1, 21, 31 …
        original = message.id if isinstance(message.id, str) else message.id[1]
        expected = set(PLACEHOLDER.findall(original))
        if any(set(PLACEHOLDER.findall(translation)) != expected for translation in translations):
            yield f"placeholders differ from {' '.join(sorted(expected)) or 'none'}: {_shown(message)}"


def _shown(message: Message) -> str:
    return repr(message.id if isinstance(message.id, str) else message.id[0])


def main(root: Path, *, check: bool) -> int:
    """Update (or only check) every language below `root`; return the exit code."""
    source = collect(root)
    failed = False
    for language in LANGUAGES:
        po = root / "locale" / language / "LC_MESSAGES" / "django.po"
        mo = po.with_suffix(".mo")
        catalog = TranslationCatalog.read(po, language)
        if not check:
            po.parent.mkdir(parents=True, exist_ok=True)
            catalog.update(source)
            po.write_bytes(catalog.as_po())
            catalog = TranslationCatalog.read(po, language)
            mo.write_bytes(catalog.as_mo())
        for problem in problems(catalog, source, mo.read_bytes() if mo.exists() else b""):
            failed = True
            print(f"{po.relative_to(root)}: {problem}")
    if failed:
        print(
            "Run make messages, translate what is named above in the .po file, and run make messages again."
        )
    return int(failed and check)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if anything is wrong")
    sys.exit(main(ROOT, check=parser.parse_args().check))
