"""Drafts: what people try out or plan, kept apart from facts: scenarios, scopes of reviews, plans of visits, meetings.

A draft is its maker's until it is shared; then everybody in the tenant finds it who may see all that it is about.
No measure reads drafts. What becomes fact goes in by the door that files use.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.models import DraftRow
from db.session import bound_tenant, scope_in
from scheme.errors import UsageError

KINDS = ("scenario", "review_scope", "visit_plan", "meeting")
MOST = 200  # drafts of one person and kind
LONGEST_NAME = 100  # characters
LARGEST = 500_000  # characters of a body as JSON
_LEAST, _NUMBERS = 100_000_000, 900_000_000  # drawn, not counted: a number tells nothing of what others draft


@dataclass(frozen=True)
class Draft:
    """A draft as kept. `departments` are those it is about, with what lies below them; None is the whole tenant.

    `edition` rises with each change; `body` goes into JSON. `is_mine`: of the person who asks.
    """

    number: int
    kind: str
    name: str
    body: Mapping[str, Any]
    departments: tuple[str, ...] | None
    certificate: str
    made_by: str
    changed_at: datetime
    edition: int
    is_shared: bool
    is_mine: bool


def drafts(session: Session, kind: str, seen: Collection[str | None] | None) -> list[Draft]:
    """The drafts of a kind that this person may open, the newest change first.

    `seen`: the departments that they may see, None for all. Shared drafts are open to who may see every department
    they are about; somebody bound to certificates finds those about one of them.
    """
    which = select(DraftRow).where(DraftRow.kind == kind).order_by(DraftRow.changed_at.desc(), DraftRow.draft_number)
    told = (_told(session, row) for row in session.scalars(which))
    return [draft for draft in told if _is_open(session, draft, seen)]


def draft(session: Session, kind: str, number: int, seen: Collection[str | None] | None) -> Draft | None:
    """The draft of that number; None where there is none that this person may open."""
    row = _row(session, kind, number)
    told = _told(session, row) if row else None
    return told if told and _is_open(session, told, seen) else None


def keep(
    session: Session,
    kind: str,
    name: str,
    body: Mapping[str, Any],
    *,
    departments: tuple[str, ...] | None,
    certificate: str = "",
    number: int | None = None,
    edition: int | None = None,
) -> int:
    """Keep a new draft, or with a number the next edition of an own one; gives its number.

    UsageError where the name is empty or taken by another own draft of this kind, the body is too large, there are too
    many, or somebody changed the draft since `edition`.
    """
    name, text, now = " ".join(name.split()), json.dumps(body, sort_keys=True), datetime.now(UTC)
    if not name or len(name) > LONGEST_NAME:
        raise UsageError(f"give it a name of at most {LONGEST_NAME} characters")
    if len(text) > LARGEST:
        raise UsageError("it is too large to be kept; make it smaller")
    mine = list(session.scalars(_mine(session, kind)))
    if any(row.name.casefold() == name.casefold() and row.draft_number != number for row in mine):
        raise UsageError(f"you have one called {name} already; choose another name")
    if number is None:
        if len(mine) >= MOST:
            raise UsageError(f"you have {MOST} of these already; remove one first")
        row = _new(session, kind, now)
    else:
        row = _own(session, kind, number)
        if edition is not None and row.edition != edition:
            raise UsageError("it was changed since you opened it, perhaps in another tab; open it again")
        row.edition += 1
    row.name, row.body, row.changed_at = name, text, now
    row.department_codes, row.certificate_code = ";".join(departments or ()), certificate
    session.add(row)
    audit.record(session, "kept draft", f"{kind} {row.draft_number}", edition=row.edition)
    return int(row.draft_number)


def share(session: Session, kind: str, number: int, shared: bool) -> None:
    """Share an own draft inside the tenant, or take that back; UsageError where it is not one's own."""
    _own(session, kind, number).is_shared = shared
    audit.record(session, "shared draft" if shared else "unshared draft", f"{kind} {number}")


def remove(session: Session, kind: str, number: int) -> None:
    """Remove an own draft; UsageError where it is not one's own."""
    session.delete(_own(session, kind, number))
    audit.record(session, "removed draft", f"{kind} {number}")


def _actor(session: Session) -> str:
    scope = scope_in(session)
    return scope.actor if scope else ""


def _mine(session: Session, kind: str) -> Any:
    return select(DraftRow).where(DraftRow.kind == kind, DraftRow.actor == _actor(session))


def _new(session: Session, kind: str, now: datetime) -> DraftRow:
    if kind not in KINDS:
        raise AssertionError(f"no kind of draft is called {kind}")
    number = secrets.randbelow(_NUMBERS) + _LEAST
    while session.get(DraftRow, (bound_tenant(session), number)) is not None:
        number = secrets.randbelow(_NUMBERS) + _LEAST
    scope = scope_in(session)
    row = DraftRow(tenant_id=bound_tenant(session), draft_number=number, kind=kind, edition=1, is_shared=False)
    row.actor, row.made_by, row.made_at = _actor(session), scope.email if scope else "", now
    return row


def _row(session: Session, kind: str, number: int) -> DraftRow | None:
    which = select(DraftRow).where(DraftRow.kind == kind, DraftRow.draft_number == number)
    row: DraftRow | None = session.scalars(which).first()
    return row


def _own(session: Session, kind: str, number: int) -> DraftRow:
    row: DraftRow | None = session.scalars(_mine(session, kind).where(DraftRow.draft_number == number)).first()
    if row is None:
        raise UsageError("you have no such draft; what another shared with you, keep under a name of your own first")
    return row


def _told(session: Session, row: DraftRow) -> Draft:
    return Draft(
        row.draft_number,
        row.kind,
        row.name,
        json.loads(row.body),
        tuple(row.department_codes.split(";")) if row.department_codes else None,
        row.certificate_code,
        row.made_by,
        row.changed_at,
        row.edition,
        row.is_shared,
        row.actor == _actor(session),
    )


def _is_open(session: Session, draft: Draft, seen: Collection[str | None] | None) -> bool:
    scope = scope_in(session)
    if draft.is_mine:
        return True
    if not draft.is_shared or (
        scope and scope.certificates is not None and draft.certificate not in scope.certificates
    ):
        return False
    return seen is None or (draft.departments is not None and set(draft.departments) <= set(seen))
