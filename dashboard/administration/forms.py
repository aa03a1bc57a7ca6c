"""What the pages of the registers are made of: fields of a form, cells of a list, a form's way into the warehouse."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import abort, request

from dashboard import words
from dashboard.administration import START
from dashboard.administration.frame import today
from dashboard.identity import current_scope
from db import reads, registers
from db.session import Scope, open_session
from etl.run import LoadReport, load_rows
from scheme.standard import code_order
from scheme.tables import TABLES

Choices = Sequence[tuple[Any, ...]]
Wrong = dict[str, str]  # field -> what is wrong with it; "" is the form as a whole
ORGANISATION = "The organisation itself"


@dataclass(frozen=True)
class Field:
    """One field of a form; `kind` is a macro of fields.html, with the types of `text` beside them."""

    name: str
    label: str
    kind: str = "text"  # text, date, number, area, select, radios, boxes, hidden, file
    hint: str = ""
    needed: bool = False
    choices: Choices = ()
    rows: int = 8


@dataclass(frozen=True)
class Cell:
    """One cell of a list: its text, where it leads, how it is marked, its depth in a tree, a line below."""

    text: str
    href: str = ""
    tag: str = ""  # bad, warn, quiet
    depth: int = 0
    small: str = ""


@dataclass(frozen=True)
class Table:
    """A list with what it is called and what stands there instead where it has no rows."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = "There is nothing yet."


@dataclass(frozen=True)
class Act:
    """Something that can be done from a page."""

    words: str
    href: str
    about: str = ""


def address(place: str, below: str = "", **query: str) -> str:
    """An address below a page of administration."""
    path = f"{START}/{place}{below}"
    return f"{path}?{urlencode(query)}" if query else path


def code_asked() -> str:
    """The code that the address names; 404 where it names none."""
    return request.args.get("code", "") or abort(404)


# --- what there is ----------------------------------------------------------------------------------------------------


def rows_of(table: str) -> list[dict[str, Any]]:
    """The rows of a register as they hold now, by code."""
    with open_session(current_scope()) as session:
        return reads.table(session, table).to_dicts()


def row_of(table: str, code: str) -> dict[str, Any]:
    """The row of that code; 404 where there is none, whoever else may have one (reliability.md T6)."""
    found = [row for row in rows_of(table) if row[TABLES[table].key[0]] == code]
    return found[0] if found else abort(404)


def tree(departments: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], int]]:
    """The departments as they lie below each other, each with its depth; one whose parent is gone is on top."""
    rows = {row["department_code"]: row for row in departments}
    below: dict[str | None, list[str]] = {}
    for code in sorted(rows, key=code_order):
        parent = rows[code]["parent_code"]
        below.setdefault(parent if parent in rows else None, []).append(code)
    found: list[tuple[Mapping[str, Any], int]] = []
    waiting = [(code, 0) for code in reversed(below.get(None, []))]
    while waiting:
        code, depth = waiting.pop()
        found.append((rows[code], depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(code, []))]
    return found


def choices(departments: Iterable[Mapping[str, Any]], without: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Departments to choose one of, in the order of their tree, some left out; the organisation itself comes first."""
    out = set(without)
    told = [
        (row["department_code"], f"{chr(0x2003) * depth}{called(row)}")
        for row, depth in tree(departments)
        if row["department_code"] not in out
    ]
    return [("", ORGANISATION), *told]


def called(row: Mapping[str, Any]) -> str:
    """A department's name with its code."""
    name, code = row["department_name"], row["department_code"]
    return f"{name} ({code})" if name and name != code else code


def day(value: date | None) -> str:
    """A day in words that stay on one line, nothing where there is none."""
    return words.day(value).replace(" ", "\u00a0") if value else ""


def typed(value: object) -> str:
    """A value as a form's field has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def history(table: str, code: str, columns: Mapping[str, str], name: Mapping[str, str]) -> Table:
    """What was said of one thing, load by load; `columns`: column -> heading, `name`: what codes are called."""
    with open_session(current_scope()) as session:
        versions = registers.versions(session, table, code)
    rows = []
    for one in versions:
        load = Cell(words.moment(one["loaded_at"]), "", "", 0, "holds now" if one["superseded_by"] is None else "")
        by = Cell(f"Load {one['load']}", f"/data?load={one['load']}", "", 0, one["sent_by"])
        rows.append([load, *(Cell(_shown(one[column], name)) for column in columns), by])
    caption = "History: what was said, newest first"
    return Table(caption, ["Known from", *columns.values(), "Said in"], rows)


def _shown(value: object, name: Mapping[str, str]) -> str:
    if isinstance(value, date):
        return day(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(name.get(code, code) for code in value)
    return "" if value is None else name.get(str(value), str(value))


# --- a form's way in --------------------------------------------------------------------------------------------------


def taken(table: str, row: Mapping[str, str], labels: Mapping[str, str], why: str) -> tuple[LoadReport, Wrong]:
    """Take one row of a register through the way in (etl.run.load_rows); what is wrong with it, by field."""
    scope = current_scope()
    report = load_rows(scope, table, [row], sent_by=sender(scope), why=why, today=today())
    return report, {k: v for one in report.rejected for k, v in faults(one.why, labels).items()}


def faults(why: str, labels: Mapping[str, str]) -> Wrong:
    """Why a row was set aside, field by field; a fault of no field that the form has is the form's."""
    found: Wrong = {}
    columns = "|".join(sorted(labels, key=len, reverse=True))
    parts = re.split(rf"(?:^|; )(?=(?:{columns})(?::| ))", why)
    for part in filter(None, parts):
        named = re.match(rf"({columns})(:?) ?(.*)", part, re.DOTALL)
        name, colon, rest = named.groups() if named else ("", "", part)
        words_ = f"{labels[name]}{colon} {rest}" if name else rest
        for column, label in labels.items():
            words_ = re.sub(rf"\b{column}\b", label.lower(), words_)
        found.setdefault(name, f"{words_[:1].upper()}{words_[1:]}.")
    return found


def sender(scope: Scope) -> str:
    """Who says it, as the list of loads has it."""
    return scope.email or scope.actor


def kept_in(report: LoadReport) -> str:
    """Where a change is kept, as the end of a sentence about it."""
    if report.files and not report.files[0].loaded:
        return "The form said nothing new, so nothing was changed."
    return in_load(report.load_number)


def in_load(number: int | None) -> str:
    """The same for the number of a load."""
    return f"The change is kept as load {number}; what was known before stays in the history below." if number else ""
