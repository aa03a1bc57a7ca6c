"""Where files come from, and what a sender's headings and words mean (source file)."""

import glob
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from db import kept_sources, reads
from db.session import Scope, open_session
from etl.layouts.choose import NAMES, OURS
from etl.layouts.report_lines import year_at
from etl.layouts.staged import LEFT_OUT, Source, squashed
from etl.origin import Origin, origin_of
from etl.own import own_part
from scheme.days import day_of
from scheme.errors import UsageError
from scheme.letters import likeness
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, spelling
from scheme.tables import TABLES

NOT_ASSESSED = "not_assessed"  # what a source file may call a word that says that there is no result
_KEYS = ("name", "table", "columns", "fixed", "bands", "assessment_types", "day_first", "date_1904", "years", "from")


@dataclass(frozen=True)
class Found:
    """A file to be loaded: where it is, and the name it is known by, relative to the folder that was given."""

    path: Path
    name: str


Paths = Sequence[str | Path | Found]


def found(paths: Paths, own: Collection[Path] = ()) -> tuple[list[Found], list[str]]:
    """The files that paths name (a file, a folder with all below it, a pattern), each once; and notes on those skipped.

    What is found already stays as it is: a file that was sent is known by another name than the one it lies under.

    Skipped are hidden and temporary files of folders and patterns, and `own`, the warehouse's. UsageError where a path
    names nothing.
    """
    skipped: list[str] = []
    files: dict[Path, Found] = {}
    for path in paths:
        for file in (path,) if isinstance(path, Found) else _named(str(path)):
            if file.path.resolve() in own:
                skipped.append(f"{file.name} is the warehouse itself, and was skipped")
            elif file is not path and file.path != Path(str(path)) and is_passing(file.name):
                skipped.append(f"{file.name} is hidden or temporary, and was skipped")
            else:
                files.setdefault(file.path.resolve(), file)
    if not files:
        raise UsageError(f"{', '.join(map(str, paths))}: there are no files to read")
    names = Counter(file.name for file in files.values())
    unlike = [file if names[file.name] == 1 else Found(file.path, spelt(file.path)) for file in files.values()]
    return unlike, skipped


def _named(text: str) -> Iterator[Found]:
    path = Path(text)
    if path.is_dir():
        yield from _relative(path, path.rglob("*"))
    elif path.is_file():
        yield Found(path, spelt(Path(path.name)))
    elif glob.has_magic(text):
        base = Path(*takewhile(lambda part: not glob.has_magic(part), path.parts))
        matches = list(base.glob(path.relative_to(base).as_posix()))
        if not matches:
            raise UsageError(f"no file matches {text}; check the path")
        for match in sorted(matches):
            yield from _relative(base, match.rglob("*") if match.is_dir() else [match])
    else:
        raise UsageError(f"{text} does not exist; check the path")


def _relative(base: Path, paths: Iterable[Path]) -> Iterator[Found]:
    for path in sorted(paths):
        if path.is_file():
            yield Found(path, spelt(path.relative_to(base)))


def spelt(path: Path) -> str:
    """A name fit to be kept and shown: bytes that are no UTF-8 and line breaks are spelt out, as in caf\\xe9.csv."""
    name = path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(repr(letter)[1:-1] if unicodedata.category(letter) == "Cc" else letter for letter in name)


def is_passing(name: str) -> bool:
    """Whether a file is hidden or passing: of an editor, or of a program that is still writing it."""
    return any(part.startswith((".", "~$")) for part in Path(name).parts) or name.endswith(("~", ".tmp", ".part"))


def source(path: str | Path) -> Source:
    """A sender's source file; UsageError names the key that cannot be used and what it may be."""
    where = str(path)
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: cannot be read ({error}); check the path of the source file") from error
    return source_of(text, where, Path(path).stem)


def kept_source(scope: Scope, code: str) -> Source:
    """The source that a tenant keeps under a code (db.kept_sources); UsageError where it keeps none of that code."""
    with open_session(scope) as session:
        return source_of(kept_sources.newest(session, code).body, f"source {code}", code)


def sources_for(scope: Scope) -> dict[str, Source]:
    """The sources that a tenant keeps and may propose to this sender, by code; one that no longer makes sense is not.

    Who speaks for some departments is proposed none that names another in its code or as the same for every row.
    """
    with open_session(scope) as session:
        kept = kept_sources.kept(session)
        register = reads.register(session) if kept and scope.departments is not None else None
    found: dict[str, Source] = {}
    for one in kept:
        with suppress(UsageError):
            found[one.code] = source_of(one.body, f"source {one.code}", one.code)
    if register is None or scope.departments is None:
        return found
    parents = dict(register.departments.select("department_code", "parent_code").iter_rows())
    places = dict(register.sites.select("site_code", "department_code").iter_rows())
    own = own_part(scope.departments, parents, places)
    others = {spelling(code) for code in [*parents, *places] if code not in own.departments | own.sites}
    return {
        code: one
        for code, one in found.items()
        if {spelling(code), spelling(one.name or "")}.isdisjoint(others)
        and one.fixed.get("department_code", "") in own.departments | {""}
        and one.fixed.get("site_code", "") in own.sites | {""}
    }


def kept_origin(edition: kept_sources.Edition) -> Origin | None:
    """Where the files of a kept source come from, None where it does not say; UsageError where it makes no sense."""
    source_of(edition.body, f"source {edition.code}", edition.code)
    return origin_of(tomllib.loads(edition.body).get("from"), f"source {edition.code}")


def source_of(text: str, where: str, name: str) -> Source:
    """The same from the text of such a file, kept under `name`; `where` is what a fault is said to be in."""
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: not valid TOML: too much stands inside one another") from error
    for key in body:
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key `{key}`{_meant(key, _KEYS)}; known are {', '.join(_KEYS)}")
    table = body.get("table")
    if table is not None and table not in (*TABLES, "wide", "workbook", "matrix"):
        known = f"{', '.join(TABLES)}, wide, workbook or matrix"
        raise UsageError(f"{where}: `table` is {table!r}; it may be one of {known}")
    for key in ("day_first", "date_1904"):
        if not isinstance(body.get(key, False), bool):
            raise UsageError(f"{where}: `{key}` must be true or false, without quotes")
    origin_of(body.get("from"), where)
    columns = _words(body, "columns", (*NAMES, LEFT_OUT), where)
    return Source(
        str(body.get("name", name)),
        table,
        {squashed(heading): name for heading, name in columns.items()},
        _fixed(body, where),
        _words(body, "bands", (*ALL_BANDS, NOT_ASSESSED), where),
        _words(body, "assessment_types", ASSESSMENT_TYPES, where),
        body.get("day_first", True),
        body.get("date_1904", False),
        _years(body, where),
    )


def _years(body: Mapping[str, Any], where: str) -> dict[str, str]:
    """The days that a report's prefixes of years mean (`RP1 - 2015` = 2015-03-12)."""
    years = {label: str(day) for label, day in _section(body, "years", where).items()}
    for label, text in years.items():
        if day_of(text)[0] is None or year_at(label) is None:
            raise UsageError(f'{where}: [years] `{label}` must be like "RP1 - 2015" = 2015-03-12, not {text!r}')
    return years


def _words(body: Mapping[str, Any], key: str, allowed: tuple[str, ...], where: str) -> dict[str, str]:
    words = _section(body, key, where)
    for word, ours in words.items():
        if not spelling(word):
            raise UsageError(f"{where}: [{key}] maps an empty word; write the word as the sender does")
        if ours not in allowed:
            known = f"{_meant(str(ours), allowed)}; known are {', '.join(dict.fromkeys(allowed))}"
            raise UsageError(f"{where}: [{key}] maps '{word}' to {ours!r}{known}")
    return {word: str(ours) for word, ours in words.items()}


def _fixed(body: Mapping[str, Any], where: str) -> dict[str, str]:
    fixed = _section(body, "fixed", where)
    for name, value in fixed.items():
        if name not in OURS.values():
            raise UsageError(f"{where}: [fixed] names `{name}`{_meant(name, tuple(OURS.values()))}; no table has it")
        if not isinstance(value, str | int | float | date):
            raise UsageError(f"{where}: [fixed] `{name}` must be one text, number or day")
    return {name: value.isoformat() if isinstance(value, date) else str(value) for name, value in fixed.items()}


def _section(body: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    section = body.get(key, {})
    if not isinstance(section, dict):
        raise UsageError(f"{where}: `{key}` must be a table: write [{key}] on a line, then its entries below")
    return section


def _meant(word: str, known: Collection[str]) -> str:
    near = likeness(known)(word)
    return f" (did you mean {near}?)" if near else ""
