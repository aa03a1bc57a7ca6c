"""The catalogue of texts: found in the source, written to dashboard/languages, counted where they are not in it yet.

`python -m tests.dashboard.catalogue` (`make catalogue`) writes messages.pot, brings every language's .po up to date
with it (what is new is empty there, what was translated stays) and writes untold.txt, the count of texts of each file
that do not yet go through the catalogue. test_language.py compares, so that both show in review.
"""

import ast
import io
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ROOT / "dashboard" / "languages"
POT, UNTOLD = LANGUAGES / "messages.pot", Path(__file__).with_name("untold.txt")

# What says the texts it is given: places of its texts by number, and by name.
SAYS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "said": ((0,), ()),
    "_": ((0,), ()),
    "mark": ((0,), ()),
    "page": ((0,), ()),
    "card": ((0,), ()),
    "details": ((0,), ()),
    "empty_state": ((0, 1), ()),
    "chip": ((0,), ()),
    "chips": ((1,), ()),
    "enter_link": ((1,), ()),
    "table_place": ((1,), ("label",)),
    "chart": ((1, 4), ("title", "summary")),
    "Choice": ((1, 2), ("label", "options")),
    "Column": ((1, 3), ("label", "title")),
    "Group": ((0, 1), ("label", "title")),
    "table_json": ((0,), ("caption", "empty", "note", "say")),
    "Page": ((1, 2, 3), ()),  # of the menu, of administration
}
COUNTS = {"counted_said": (0, 1), "count": (1, 2)}  # of one, of several
_OF_PAGES = re.compile(r"dashboard/(?!exports/|language|choosing_language|openapi|api)")
_SCRIPTS = ("assay", "cells", "filters", "table")
_IN_SCRIPTS = re.compile(r'\bsaid\(\s*"((?:[^"\\]|\\.)*)"')
_SHOWN = re.compile(r"^(?!bi-|mark-|/)(?=.*[A-Za-z])")
_PLURAL = "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n==3 ? 3 : n==6 ? 4 : 5)"


@dataclass
class Found:
    """The texts of the program: where each is said, and the places whose texts are not in the catalogue yet."""

    texts: dict[str | tuple[str, str], set[str]] = field(default_factory=dict)
    untold: dict[str, list[str]] = field(default_factory=dict)

    def add(self, text: str | tuple[str, str], where: str) -> None:
        self.texts.setdefault(text, set()).add(where)


def found() -> Found:
    """Everything that the source holds now."""
    every = Found()
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        _of_python(ast.parse(path.read_text("utf-8")), where, every)
    for path in sorted((ROOT / "dashboard" / "templates").rglob("*.html")):
        _of_template(path.read_text("utf-8"), path.relative_to(ROOT).as_posix(), every)
    for name in _SCRIPTS:
        text = (ROOT / "assets" / f"{name}.js").read_text("utf-8")
        for words in _IN_SCRIPTS.findall(text):
            every.add(words.encode().decode("unicode_escape") if "\\" in words else words, f"assets/{name}.js")
    _of_standard(tomllib.loads((ROOT / "scheme/standards/cse.toml").read_text("utf-8")), every)
    return every


def _of_standard(body: dict[str, object], every: Found) -> None:
    for key, value in body.items():
        if key in ("title", "label", "meaning", "guidance") and isinstance(value, str) and "criteria" not in body:
            every.add(value.strip(), "scheme/standards/cse.toml")
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict):
                _of_standard(each, every)


# --- Python -----------------------------------------------------------------------------------------------------------


def _of_python(tree: ast.Module, where: str, every: Found) -> None:
    told: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in SAYS:
            for text in _said_by(node, *SAYS[name]):
                told.add(id(text))
                every.add(text.value, where)
        if name in COUNTS:
            _counted(node, name, where, every, told)
    if _OF_PAGES.match(where):
        texts = sorted(_untold(tree, told), key=lambda node: node.lineno)
        if texts:
            every.untold[where] = [_source(node) for node in texts]


def _said_by(call: ast.Call, places: tuple[int, ...], names: tuple[str, ...]) -> Iterator[ast.Constant]:
    given = [call.args[place] for place in places if place < len(call.args)]
    given += [each.value for each in call.keywords if each.arg in names]
    for value in given:
        pairs = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        for each in pairs:
            text = each.elts[-1] if isinstance(each, ast.Tuple) and each.elts else each
            for one in (text.body, text.orelse) if isinstance(text, ast.IfExp) else (text,):
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and _SHOWN.search(one.value):
                    yield one


def _counted(call: ast.Call, name: str, where: str, every: Found, told: set[int]) -> None:
    given = [call.args[place] for place in COUNTS[name] if place < len(call.args)]
    texts = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(texts) != len(given) or not texts:
        return
    told.update(map(id, given))
    one, several = texts if len(texts) == 2 else (texts[0], f"{texts[0]}s")
    every.add((one, several) if name == "counted_said" else (f"{{count}} {one}", f"{{count}} {several}"), where)


def _untold(tree: ast.Module, told: set[int]) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Texts that read like words for a person and that no function of the catalogue is given."""
    skipped = set(told)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                skipped.add(id(first.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in _UNREAD:
            skipped.update(id(each) for argument in node.args for each in ast.walk(argument))
        elif isinstance(node, ast.keyword) and node.arg in _NOT_WORDS:
            skipped.update(id(each) for each in ast.walk(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped.update(id(each) for part in node.values for each in ast.walk(part))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _reads(node.value):
            yield node
        elif isinstance(node, ast.JoinedStr):
            words = "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
            if _reads(words):
                yield node


_UNREAD = ("ValueError", "AssertionError", "KeyError", "compile", "Literal", "TypeVar", "replace_strict", "col")
_NOT_WORDS = ("className", "href", "id", "style", "role", "tz")


def _reads(text: str) -> bool:
    """Whether a text reads like words: a capital first, or two words of small letters with a space between."""
    if re.search(r"[<>{}=#]|://|^[\0/.]*/|^[a-z]+[-_][a-z]", text) or re.fullmatch(r"[A-Z_0-9 ]*", text):
        return False
    return bool(re.match(r"[A-Z][a-z]+", text) or re.search(r"[a-z]{2,},? [a-z]{2,}|\0 [a-z]{2,}|[a-z]{2,} \0", text))


def _source(node: ast.expr) -> str:
    return ast.unparse(node)[:90]


# --- templates --------------------------------------------------------------------------------------------------------


def _of_template(source: str, where: str, every: Found) -> None:
    tree = Environment(autoescape=True).parse(source)  # for reading alone: nothing is rendered
    for _, name, texts in extract_from_ast(tree, ("_", "counted_said"), babel_style=False):
        given = [text for text in texts if text is not None]
        every.add((given[0], given[1]) if name == "counted_said" else given[0], where)
    bare = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "\0", source, flags=re.S)
    bare = re.sub(r"<(script|style)\b.*?</\1>", "\0", bare, flags=re.S)
    texts = [" ".join(text.replace("\0", " ").split()) for text in re.split(r"<[^>]*>", bare)]
    untold = [text[:90] for text in texts if re.search(r"[A-Za-z]{2,}", text) and text not in ("Assay", "– Assay")]
    if untold:
        every.untold[where] = untold


# --- files ------------------------------------------------------------------------------------------------------------


def pot() -> Catalog:
    """The catalogue without translations."""
    catalogue = Catalog(project="Assay", charset="utf-8", fuzzy=False)
    catalogue.header_comment = "# Texts of Assay. Written by `make catalogue`; translators edit the .po beside it."
    for text, places in sorted(found().texts.items(), key=lambda each: (sorted(each[1])[0], str(each[0]))):
        catalogue.add(text, locations=[(place, None) for place in sorted(places)])
    return catalogue


def written(catalogue: Catalog) -> str:
    """A catalogue as its file has it, without the moment at which it was made."""
    file = io.BytesIO()
    write_po(file, catalogue, width=110, include_lineno=False, sort_output=False)
    lines = file.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(('"POT-Creation-Date', '"Generated-By')))


def untold() -> str:
    """How many texts of each file are not in the catalogue yet."""
    every = found().untold
    lines = [f"{len(texts):4} {where}\n" for where, texts in sorted(every.items())]
    total = sum(map(len, every.values()))
    return (
        "# Texts that do not go through the catalogue yet, by file. Written by `make catalogue`.\n" + "".join(lines)
    ) + f"{total:4} in all\n"


def waiting() -> str:
    """How many texts of the catalogue have no translation yet, by language."""
    told = []
    for po in sorted(LANGUAGES.glob("*.po")):
        every = [each for each in brought_up_to_date(po.stem) if each.id]
        missing = sum(not each.string if isinstance(each.string, str) else not all(each.string) for each in every)
        told.append(f"{missing:4} in the catalogue, without a translation in {po.name}\n")
    return "".join(told)


def brought_up_to_date(code: str) -> Catalog:
    """A language's catalogue with the texts there are now; what is new is empty in it.

    A translation whose text is gone stays at its end, marked `#~`, and is taken up again when the text comes back.
    """
    path = LANGUAGES / f"{code}.po"
    catalogue = read_po(io.BytesIO(path.read_bytes()), locale=code)
    # Babel knows Welsh with other forms; ours are those of Unicode CLDR (dashboard.language).
    catalogue._num_plurals, catalogue._plural_expr = 6, _PLURAL.partition("plural=")[2]
    gone = {key: message for key, message in catalogue.obsolete.items() if any(message.string)}
    catalogue.update(pot(), no_fuzzy_matching=True)
    for key, message in gone.items():
        now = catalogue.get(message.id)
        if now is None:
            catalogue.obsolete[key] = message
        elif not any(now.string or ()):
            now.string = message.string
    for key in [key for key, message in catalogue.obsolete.items() if not any(message.string)]:
        del catalogue.obsolete[key]
    for key in [key for key in catalogue.obsolete if catalogue.get(key) is not None]:
        del catalogue.obsolete[key]
    return catalogue


if __name__ == "__main__":
    POT.write_text(written(pot()), "utf-8")
    for po in sorted(LANGUAGES.glob("*.po")):
        po.write_text(written(brought_up_to_date(po.stem)), "utf-8")
    UNTOLD.write_text(untold() + waiting(), "utf-8")
