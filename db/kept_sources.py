"""Source files that a tenant keeps: how its senders' headings and words are read, with every edition there was."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.models import Source
from db.session import bound_tenant, scope_in
from scheme.errors import UsageError
from scheme.standard import code_order


@dataclass(frozen=True)
class Edition:
    """One edition of a source: its file's own TOML, who added it and when."""

    code: str
    number: int
    body: str
    added_by: str
    added_at: datetime


def editions(session: Session, code: str) -> list[Edition]:
    """The editions of a source, oldest first; none where the tenant keeps no such source."""
    rows = session.scalars(select(Source).where(Source.source_code == code).order_by(Source.edition))
    return [_edition(row) for row in rows]


def newest(session: Session, code: str) -> Edition:
    """The edition of a source that holds; UsageError names those that the tenant keeps."""
    there = editions(session, code)
    if not there:
        known = ", ".join(edition.code for edition in kept(session)) or "none yet"
        raise UsageError(f"there is no source file '{code}', and no source of that code is kept; kept are {known}")
    return there[-1]


def kept(session: Session) -> list[Edition]:
    """The newest edition of each source that the tenant keeps, by code."""
    rows = session.scalars(select(Source).order_by(Source.edition))
    newest_of = {row.source_code: _edition(row) for row in rows}
    return [newest_of[code] for code in sorted(newest_of, key=code_order)]


def add(session: Session, code: str, body: str) -> str:
    """Keep a source file, or a newer edition of one; says what it did. Whether it makes sense is etl.sources' to say.

    UsageError for a code that is none. The same again changes nothing.
    """
    if not re.fullmatch(r"[\w.&-]{1,40}", code):
        raise UsageError(f"'{code}' is no code for a source; use up to 40 letters, digits, and . & - _")
    there = editions(session, code)
    if there and there[-1].body == body:
        return f"source {code} is there already, word for word"
    scope, number = scope_in(session), len(there) + 1
    row = Source(tenant_id=bound_tenant(session), source_code=code, edition=number, body=body)
    row.added_by, row.added_at = scope.email or scope.actor if scope else "", datetime.now(UTC)
    session.add(row)
    session.flush()
    audit.record(session, "kept source", code, edition=number)
    return f"source {code} has a newer edition ({number})" if there else f"source {code} is kept"


def _edition(row: Source) -> Edition:
    return Edition(row.source_code, row.edition, row.body, row.added_by, row.added_at)
