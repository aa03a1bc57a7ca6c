"""What a day pack is made of: one certificate, its next review, and what one person may see of both."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from dashboard import data, doing, scopes, table
from dashboard.data import View
from dashboard.exports import shown
from dashboard.exports.document import Cell, Column, Grid, Row
from dashboard.filters import Filters, filters
from dashboard.planning.plan import Plan, plan_of
from db.drafts import Draft
from db.session import Scope
from scheme.errors import UsageError
from scheme.review_scope import ReviewScope
from scheme.standard import Standard
from scheme.standing import below

BASES = {"kept": "as it was planned", "booked": "as it is booked", "proposed": "as proposed: no scope is stated yet"}


@dataclass(frozen=True)
class Which:
    """Which review is meant, by default the next one: its code, or a day of one that is not booked, or a kept scope.

    `capacity` is how many elements it takes where neither a plan nor its stated scope says which.
    """

    review: str | None = None
    on: date | None = None
    capacity: int | None = None
    draft: int | None = None


NEXT = Which()


@dataclass(frozen=True)
class Known:
    """One certificate on a day, for one person.

    `review` is the review it is about with what it takes (scheme.review_scope), None where `fault` says why there is
    none; `basis` (BASES) whose choice the elements are. `plan` is the kept scope with its itinerary that this person
    may open, if there is one of this review, and `draft` where it is kept.
    """

    view: View
    day: date
    certificate: dict[str, Any]
    review: ReviewScope | None
    fault: str
    basis: str
    plan: Plan | None
    draft: Draft | None

    @property
    def code(self) -> str:
        """The certificate's."""
        return str(self.certificate["certificate_code"])

    @property
    def holder(self) -> str | None:
        """Who holds it; None is the corporate body."""
        return self.certificate["department_code"]  # type: ignore[no-any-return]  # as in scheme.frames.CERTIFICATES

    @property
    def department(self) -> str | None:
        """Who is reviewed: the holder, or a department below."""
        return self.review.department_code if self.review else self.holder

    @property
    def standard(self) -> Standard:
        """The tenant's."""
        return data.programme(self.view).standard

    @property
    def names(self) -> dict[str | None, str]:
        """What departments are called, the organisation among them."""
        return data.names_with_organisation(self.view)

    @property
    def places(self) -> set[str | None]:
        """The department reviewed and what lies below it, as far as this person may see."""
        return below(data.programme(self.view).departments, self.department)

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day of the review."""
        if self.review is None:
            return None
        planned = self.plan.started_on if self.plan else None
        return planned or self.review.started_on, self.review.ended_on

    @property
    def sites(self) -> pl.DataFrame:
        """scheme.visits.sites of the certificate: those of the department reviewed and below it."""
        every = data.sites_of(self.view, self.day).filter(pl.col("certificate_code") == self.code)
        if self.department is None:
            return every
        theirs = pl.col("department_codes").list.set_intersection(sorted(code for code in self.places if code))
        return every.filter(theirs.list.len() > 0)

    @property
    def since(self) -> pl.DataFrame:
        """scheme.since.since of the department reviewed and what lies below it."""
        return self.here(doing.since(self.view, self.day))

    @property
    def last_on(self) -> date | None:
        """Last time: when the department reviewed had its last review."""
        own = self.since.filter(pl.col("department_code").eq_missing(pl.lit(self.department, pl.String)))
        last: date | None = own["reviewed_on"].max() if own.height else None  # type: ignore[assignment]  # a date
        return last

    def here(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of a frame with department_code about the department reviewed and what lies below it."""
        codes = [code for code in self.places if code is not None]
        mine = pl.col("department_code").is_in(codes).fill_null(value=self.department is None)
        return frame.filter(mine)

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """What every page of the pack is about, in words."""
        name = self.names.get(self.department) or str(self.department)
        told = (("Certificate", self.code), ("Reviewed", name))
        return (*told, ("Review", self.review.code or "not booked yet")) if self.review else told

    def asked(self, page: str) -> Filters:
        """A page's filters on the day and for the department reviewed."""
        return filters(self.address(page), page)

    def address(self, page: str) -> str:
        """A page of this snapshot, for the department reviewed."""
        known_at = f"{self.view.known_at:%Y-%m-%dT%H:%M:%S.%fZ}" if self.view.known_at else ""
        return filters(None, page).href(as_of=self.day, known_at=known_at, department=self.department)


def known(
    scope: Scope,
    certificate: str,
    as_of: date,
    known_at: datetime | None,
    which: Which = NEXT,
) -> Known:
    """What there is for a certificate on a day; UsageError where there is none that this person may see.

    Where no kept scope is named, the newest one of the same review that this person may open is taken. Without a kept
    one the review looks at its stated scope, and without that at what is proposed for it (**ours**).
    """
    view = data.view(scope, known_at)
    held = data.certificates(view, as_of).filter(pl.col("certificate_code") == certificate)
    if held.is_empty():
        raise UsageError(f"there is no certificate {certificate} on this day that you may see; choose one in the list")
    kept = _kept(view, certificate, which.draft)
    plan = plan_of(kept.certificate, kept.body) if kept else None
    row = held.row(0, named=True)
    if plan:
        which = replace(which, review=plan.review or None, on=plan.on)
    try:
        found = scopes.proposal(view, as_of, certificate, which.review, which.on, which.capacity)
    except UsageError as error:
        return Known(view, as_of, row, None, str(error), "", plan, kept)
    if kept is None:
        kept = next((one for one in scopes.kept(view) if _is_of(one, found)), None)
        plan = plan_of(kept.certificate, kept.body) if kept else None
    booked = found.elements.filter("in_scope_now")["element"].to_list()
    basis, chosen = ("kept", plan.elements) if plan else ("booked", tuple(booked)) if booked else ("proposed", None)
    if chosen is not None:
        on = found.ended_on if found.code is None else None
        found = scopes.proposal(view, as_of, certificate, found.code, on, which.capacity, chosen)
    return Known(view, as_of, row, found, "", basis, plan, kept)


def _kept(view: View, certificate: str, number: int | None) -> Draft | None:
    if number is None:
        return None
    found = scopes.draft(view, number)
    if found is None or found.certificate != certificate:
        raise UsageError("there is no such plan of this certificate that you may open; choose one in the list")
    return found


def _is_of(draft: Draft, found: ReviewScope) -> bool:
    """Whether a kept scope is of this review: the booked one, or one of that day which is not booked yet."""
    if draft.certificate != found.certificate_code:
        return False
    on = found.ended_on.isoformat()
    return bool(draft.body["review"] == found.code if found.code else draft.body["on"] == on)


# --- tables -----------------------------------------------------------------------------------------------------------


def grid(
    place: str, caption: str, columns: Sequence[table.Column], rows: Sequence[table.Row], known: Known, note: str = ""
) -> Grid:
    """A table made as pages make them."""
    return as_grid(place, table.table_json(caption, columns, rows, bands=known.standard.bands, note=note or None))


def as_grid(place: str, told: str) -> Grid:
    """A table of a page (dashboard.table.table_json) without what can only be followed or done on screen."""
    made = shown.grid(place, json.loads(told))
    if any(row.depth for row in made.rows):
        made = replace(made, rows=tuple(row if row.depth else _bare(row) for row in made.rows))
    keep = [turn for turn, column in enumerate(made.columns) if column.kind != "link"]
    rows = tuple(replace(row, cells=tuple(row.cells[turn] for turn in keep)) for row in made.rows)
    return replace(made, columns=tuple(made.columns[turn] for turn in keep), rows=rows)


def _bare(row: Row) -> Row:
    """A row that heads others, without marks for what it does not have."""
    return replace(row, cells=tuple(cell if cell.value is not None else Cell() for cell in row.cells))


def with_room(grid: Grid, *labels: str) -> Grid:
    """A table with empty columns to write into."""
    more = tuple(Column(f"room{turn}", label, f"{label}: room to write") for turn, label in enumerate(labels))
    rows = tuple(replace(row, cells=(*row.cells, *(Cell() for _ in labels))) for row in grid.rows)
    return replace(grid, columns=(*grid.columns, *more), rows=rows)
