"""A meeting as it is kept: its snapshot, who was there, and what was written down at which step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from flask import abort

from dashboard import data
from dashboard.data import View
from dashboard.filters import filters
from dashboard.identity import current_scope
from dashboard.meeting import START
from db import drafts
from db.drafts import Draft
from db.session import Scope, open_session

KIND = "meeting"
WRITTEN = {"note": "Note", "decision": "Decision", "action": "Action"}


@dataclass(frozen=True)
class Entry:
    """Something written down: at which step, what kind (WRITTEN), the words; of an action also whose, who and when."""

    step: str
    written: str
    words: str
    at: datetime
    department: str | None = None
    element: str = ""
    owner: str = ""
    due_on: date | None = None
    action_code: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """As a draft keeps it."""
        told = {**vars(self), "at": self.at.isoformat(), "due_on": self.due_on.isoformat() if self.due_on else ""}
        return {name: value for name, value in told.items() if value not in ("", None)}


@dataclass(frozen=True)
class Snapshot:
    """What a meeting looks at: a day as known at a moment, and what it is compared with; `load`: the newest known.

    `since_known_at`: when what was known of `since` is taken from, None for the same moment. `department` "" is all.
    """

    as_of: date
    known_at: datetime
    since: date
    since_known_at: datetime | None = None
    department: str = ""
    load: int | None = None

    def view(self, scope: Scope) -> View:
        """What a person sees of it."""
        return data.view(scope, self.known_at)

    def href(self, to: str, **keys: str | int | date | None) -> str:
        """The address of a page (its name in dashboard.shell) that shows this snapshot."""
        return filters(None, to).href(to, as_of=self.as_of, known_at=stamp(self.known_at), **keys)


@dataclass(frozen=True)
class Meeting:
    """A kept meeting: its draft, its snapshot, who attends, and what was written down in order."""

    draft: Draft
    snapshot: Snapshot
    attendees: str
    entries: tuple[Entry, ...]

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{START}/{self.draft.number}"


def stamp(moment: datetime) -> str:
    """A moment as addresses have it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def body(snapshot: Snapshot, attendees: str, entries: tuple[Entry, ...]) -> dict[str, Any]:
    """A meeting as a draft keeps it."""
    told = {**vars(snapshot), "as_of": snapshot.as_of.isoformat(), "since": snapshot.since.isoformat()}
    told |= {name: moment and stamp(moment) for name, moment in vars(snapshot).items() if name.endswith("known_at")}
    return {"snapshot": told, "attendees": attendees, "entries": [entry.body for entry in entries]}


def meeting_of(draft: Draft) -> Meeting:
    """The meeting that a draft keeps."""
    told: Mapping[str, Any] = draft.body["snapshot"]
    before = told["since_known_at"]
    snapshot = Snapshot(
        date.fromisoformat(told["as_of"]),
        datetime.fromisoformat(told["known_at"]),
        date.fromisoformat(told["since"]),
        datetime.fromisoformat(before) if before else None,
        told["department"],
        told["load"],
    )
    return Meeting(draft, snapshot, draft.body["attendees"], tuple(_entry(row) for row in draft.body["entries"]))


def _entry(row: Mapping[str, Any]) -> Entry:
    due = row.get("due_on")
    days = {"at": datetime.fromisoformat(row["at"]), "due_on": date.fromisoformat(due) if due else None}
    return Entry(**{**row, **days})


def meetings(view: View) -> list[Meeting]:
    """The meetings that this person may open, the newest snapshot first."""
    with open_session(view.scope) as session:
        found = [meeting_of(draft) for draft in drafts.drafts(session, KIND, data.seen(view))]
    return sorted(found, key=lambda one: one.snapshot.known_at, reverse=True)


def opened(number: int) -> Meeting:
    """The meeting of that number; 404 where there is none that this person may open."""
    scope = current_scope()
    seen = data.seen(data.view(scope))
    with open_session(scope) as session:
        draft = drafts.draft(session, KIND, number, seen)
    return meeting_of(draft) if draft is not None else abort(404)


def keep(session: Any, one: Meeting, **changes: Any) -> None:
    """Keep the next edition of an own meeting inside a transaction; UsageError where it is not one's own."""
    name, changed = changes.pop("name", one.draft.name), replace(one, **changes)
    drafts.keep(
        session,
        KIND,
        name,
        body(changed.snapshot, changed.attendees, changed.entries),
        departments=one.draft.departments,
        number=one.draft.number,
        edition=one.draft.edition,
    )
