"""Departments changed by hand: opened, closed, renamed, moved, merged, recoded; each in one load of its own.

Everything goes in by the door that files use, so that it is checked as they are and stays as history (measures.md,
known at). Each function gives what it did in a sentence, and refuses with UsageError what makes no sense.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from db import reads
from db.audit import record
from db.recode import forget_former_code, former_codes, naming, recode
from db.session import Scope, open_session
from db.writes import Opened
from etl.run import Refused, said_by_hand
from scheme.errors import Forbidden, UsageError
from scheme.standard import code_order
from scheme.tables import TABLES
from scheme.words import Words

Held = Mapping[str, Any]  # a department's row as it holds now


@dataclass(frozen=True)
class Done:
    """What a change did, in words, and the load in which it is kept."""

    said: str
    load_number: int | None


@dataclass
class Change:
    """A change under way: the departments as they are, and what is said of it when it is in."""

    session: Opened
    scope: Scope
    sent_by: str
    why: str
    today: date
    departments: dict[str, Held]
    former: Mapping[str, tuple[str, date]]

    def held(self, code: str) -> Held:
        """The department of that code; UsageError where there is none."""
        if code in self.departments:
            return self.departments[code]
        if code in self.former:
            raise UsageError(f"{code} is called {self.former[code][0]} now; use that code")
        raise UsageError(f"there is no department {code}; look for its code in the list of departments")

    def below(self, code: str) -> set[str]:
        """What lies below a department, however deep."""
        found: set[str] = set()
        while more := {c for c, row in self.departments.items() if row["parent_code"] in found | {code}} - found:
            found |= more
        return found

    def say(self, action: str, code: str, tables: Mapping[str, list[dict[str, str]]], **detail: object) -> int:
        """Publish rows and write down in the audit log what it was; gives the load's number."""
        report = said_by_hand(self.session, self.scope, tables, sent_by=self.sent_by, why=self.why, today=self.today)
        record(self.session, action, code, load=report.load_number, **detail)
        return report.load_number or 0


@contextmanager
def _change(scope: Scope, sent_by: str, why: str, today: date | None) -> Iterator[Change]:
    if scope.departments is not None:
        raise Forbidden("departments are kept by who administers the whole organisation")
    try:
        with open_session(scope, write=True) as session:
            rows = reads.table(session, "departments").to_dicts()
            held: dict[str, Held] = {row["department_code"]: row for row in rows}
            day = today or datetime.now(UTC).date()
            yield Change(session, scope, sent_by, why.strip(), day, held, former_codes(session))
    except Refused as refused:
        raise UsageError(str(refused)) from refused


def open_department(
    scope: Scope,
    code: str,
    name: str,
    *,
    parent: str = "",
    active_from: date | None = None,
    contact: str = "",
    sent_by: str,
    why: str = "",
    today: date | None = None,
) -> Done:
    """Open a new department, from a day on (since ever where none is given); one that rows had only named is confirmed.

    Refused: a code that a department has or had, a parent that is not there, no name.
    """
    code, name, parent = code.strip(), name.strip(), parent.strip()
    with _change(scope, sent_by, why, today) as change:
        if code in change.former:
            raise UsageError(
                f"{code} is what {change.former[code][0]} was called before, and files that say {code} are read as "
                f"{change.former[code][0]}; choose another code, or forget the former one first"
            )
        there = change.departments.get(code)
        if there is not None and there["is_confirmed"]:
            raise UsageError(f"there is a department {code} already: {_called(there)}")
        if not name:
            raise UsageError("department_name is empty; say what the department is called")
        _known_parent(change, code, parent)
        row = _row({"department_code": code, "department_name": name, "contact": contact})
        row |= {"parent_code": parent, "active_from": _text(active_from)}
        load = change.say("opened department", code, {"departments": [row]})
    since = f" from {_day(active_from)}" if active_from else ""
    return Done(f"{code} ({name}) is open{since}{f', below {parent}' if parent else ''}", load)


def close_department(
    scope: Scope, code: str, on: date, *, sent_by: str, why: str = "", today: date | None = None
) -> Done:
    """Close a department: from that day on it is not active. Its results, sites and certificates stay as they are."""
    with _change(scope, sent_by, why, today) as change:
        held = change.held(code)
        if held["active_to"] is not None:
            raise UsageError(f"{code} is closed already, from {_day(held['active_to'])}; reopen it to change the day")
        load = change.say("closed department", code, {"departments": [_row(held, active_to=on)]}, on=on.isoformat())
        left = [c for c in _directly_below(change, code) if change.departments[c]["active_to"] is None]
    warning = (
        f"; {_listed(left)} below it {'stays' if len(left) == 1 else 'stay'} open, and what is found there reaches "
        "nothing higher: move or close what is left"
        if left
        else ""
    )
    return Done(f"{code} is closed from {_day(on)}{warning}", load)


def reopen_department(scope: Scope, code: str, *, sent_by: str, why: str = "", today: date | None = None) -> Done:
    """Take back that a department is closed."""
    with _change(scope, sent_by, why, today) as change:
        held = change.held(code)
        if held["active_to"] is None:
            raise UsageError(f"{code} is not closed")
        load = change.say("reopened department", code, {"departments": [_row(held, active_to=None)]})
    return Done(f"{code} is open again, as if it had not been closed on {_day(held['active_to'])}", load)


def rename_department(
    scope: Scope, code: str, name: str, *, sent_by: str, why: str = "", today: date | None = None
) -> Done:
    """Give a department another name; its code stays."""
    name = name.strip()
    with _change(scope, sent_by, why, today) as change:
        held = change.held(code)
        if not name:
            raise UsageError("department_name is empty; say what the department is called")
        if name == held["department_name"]:
            raise UsageError(f"{code} is called {name} already")
        load = change.say("renamed department", code, {"departments": [_row(held, department_name=name)]})
    before = f"; before it was {held['department_name']}" if held["department_name"] else ""
    return Done(f"{code} is called {name} now{before}", load)


def move_department(
    scope: Scope, code: str, parent: str, *, sent_by: str, why: str = "", today: date | None = None
) -> Done:
    """Put a department, with all below it, directly below another; "" is the organisation itself."""
    parent = parent.strip()
    with _change(scope, sent_by, why, today) as change:
        held = change.held(code)
        if (held["parent_code"] or "") == parent:
            raise UsageError(f"{code} lies directly below {parent or 'the organisation itself'} already")
        _known_parent(change, code, parent)
        load = change.say("moved department", code, {"departments": [_row(held, parent_code=parent)]}, below=parent)
    return Done(f"{code} lies below {parent or 'the organisation itself'} now, with all that is below it", load)


def merge_departments(
    scope: Scope, code: str, into: str, on: date, *, sent_by: str, why: str = "", today: date | None = None
) -> Done:
    """Merge a department into another on a day: it closes, and what is directly below it and its sites go to the other.

    Its own results, certificates and history stay its own. Refused: merging into itself, into what lies below it, or
    into what is not open on the day; a department that is closed already.
    """
    with _change(scope, sent_by, why, today) as change:
        held, other = change.held(code), change.held(into)
        if code == into:
            raise UsageError(f"{code} cannot be merged into itself")
        if into in change.below(code):
            raise UsageError(f"{into} lies below {code}; move it first, or merge {into} into {code}")
        if held["active_to"] is not None:
            raise UsageError(f"{code} is closed already, from {_day(held['active_to'])}; reopen it first")
        if other["active_to"] is not None and other["active_to"] <= on:
            raise UsageError(f"{into} is closed from {_day(other['active_to'])}; reopen it, or merge before that day")
        if other["active_from"] is not None and other["active_from"] > on:
            raise UsageError(f"{into} opens on {_day(other['active_from'])} only; merge on that day or later")
        children = _directly_below(change, code)
        rows = [_row(held, active_to=on), *(_row(change.departments[c], parent_code=into) for c in children)]
        sites = [_site(row, code, into) for row in reads.table(change.session, "sites").to_dicts()]
        moved = [row for row in sites if row is not None]
        tables = {"departments": rows, **({"sites": moved} if moved else {})}
        counts = {"departments": len(children), "sites": len(moved)}
        load = change.say("merged department", code, tables, into=into, on=on.isoformat(), **counts)
    goes = f"{_counted(len(children), 'department')} directly below it and {_counted(len(moved), 'site')}"
    return Done(
        f"{code} is merged into {into}: closed from {_day(on)}; {goes} are {into}'s now. Its own results, certificates "
        f"and history stay its own, and so do grants that name it",
        load,
    )


def recode_department(
    scope: Scope, code: str, to: str, *, sent_by: str, why: str = "", today: date | None = None
) -> Done:
    """Give a department another code: all that names it is said again under the new one (db.recode)."""
    to = to.strip()
    with _change(scope, sent_by, why, today) as change:
        change.held(code)
        if code == to:
            raise UsageError(f"{code} is its code already")
        _sound_code(change, to)
        load, counts = recode(change.session, code, to, sent_by, change.today, change.why)
    told = ", ".join(_rows(table, count) for table, count in counts.items())
    return Done(f"{code} is called {to} now, in {told}; files that still say {code} are read as {to}", load)


def forget_code(scope: Scope, code: str, *, sent_by: str, today: date | None = None) -> Done:
    """Forget that a department had that code before, so that another may have it: files that say it mean the other."""
    with _change(scope, sent_by, "", today) as change:
        if not forget_former_code(change.session, code):
            raise UsageError(f"no department was called {code} before")
        record(change.session, "forgot former code", code)
    return Done(f"{code} is no longer read as {change.former[code][0]}", None)


def _known_parent(change: Change, code: str, parent: str) -> None:
    if not parent:
        return
    change.held(parent)
    if parent == code or parent in change.below(code):
        raise UsageError(f"{code} cannot lie below {parent}: {parent} is {code} itself or lies below it")


def _sound_code(change: Change, code: str) -> None:
    """Refuse what is no code, in the words of the way in, and one that is in use."""
    seen, why = Words(reads.register(change.session).standard).code(code)
    if why or not seen:
        raise UsageError(why or "the new code is empty; give one")
    if seen != code:
        raise UsageError(f"write the new code as {seen}")
    counts = naming(change.session, code)
    if counts:
        raise UsageError(f"the code {code} is in use; choose another, or merge the two departments")


def _directly_below(change: Change, code: str) -> list[str]:
    return sorted((c for c, row in change.departments.items() if row["parent_code"] == code), key=code_order)


def _row(held: Held, **said: object) -> dict[str, str]:
    """A department's row as a form: what holds now, but for what is said anew."""
    return {name: _text(said[name] if name in said else held.get(name)) for name in TABLES["departments"].names}


def _site(held: Held, code: str, into: str) -> dict[str, str] | None:
    if code not in held["department_code"]:
        return None
    codes = ";".join(into if c == code else c for c in held["department_code"])
    return {name: _text(held[name]) for name in TABLES["sites"].names} | {"department_code": codes}


def _text(value: object) -> str:
    """A value as a person types it into a form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _called(held: Held) -> str:
    return held["department_name"] or "without a name"


def _listed(codes: list[str]) -> str:
    return f"{', '.join(codes[:5])}{f' and {len(codes) - 5} more' if len(codes) > 5 else ''}"


def _rows(table: str, count: int) -> str:
    words = table.replace("_", " ")
    return f"{count} {words.removesuffix('s') if count == 1 else words}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
