"""What one cell of a page is made of: frames side by side, fetched by dashboard.cells, drawn by the details drawer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from scheme.standard import Criterion, Element, Profile, Standard


@dataclass(frozen=True)
class Place:
    """A department as it is shown: its code (None is the corporate body), its name, the names above it."""

    code: str | None
    name: str
    path: str = ""


@dataclass(frozen=True)
class Origin:
    """What is known of a load that rows come from: who sent it, which version of Assay took it, and its files.

    files: by name and sheet, the SHA-256 and the number under which the file can be had as it was sent (None: it cannot
    be). Empty for whoever may not see the load: a fingerprint tells of all that a file holds.
    """

    sent_by: str
    loader: str | None
    files: Mapping[tuple[str, str | None], tuple[str, int | None]]


@dataclass(frozen=True)
class ElementBehind:
    """What the band of an element in a department is made of, on a day and a basis.

    standing: the row of scheme.standing.STANDING, None where not assessed; standing_self: the same from
    self-assessments. since: the day from which it has had this band without a break, None where rolled up.
    results: the department's own, newest first, of every type up to the day: the columns of db.reads.result_rows,
    `restated` also where the rules say so. superseded: what earlier loads said of the same, with superseded_at.
    below: kind (site, department), code, name, band, assessed_on, assessment_type, rolled_up, comment of what lies
    directly below and has a band. evidence, actions: rows of these canonical tables; actions are open ones.
    at_sites: the results of sites that count here. profile: the version in force. origins: by load (Origin).
    """

    place: Place
    standard: Standard
    element: Element
    day: date
    basis: str
    cycle_years: int
    standing: Mapping[str, Any] | None
    standing_self: Mapping[str, Any] | None
    since: date | None
    results: pl.DataFrame
    superseded: pl.DataFrame
    below: pl.DataFrame
    evidence: pl.DataFrame
    actions: pl.DataFrame
    at_sites: pl.DataFrame
    profile: Profile
    origins: Mapping[int, Origin]


@dataclass(frozen=True)
class CriterionBehind:
    """What the status of a criterion in a department is made of, on a day and a basis.

    headroom: its row of scheme.headroom.HEADROOM. standing: the rows of its elements. said: element, comment (of the
    result in force), since (as in ElementBehind). below: HEADROOM's rows of the departments directly below for this
    criterion, with name. actions: open ones of its elements. results, superseded, profile, origins: of all its elements
    as in ElementBehind.
    """

    place: Place
    standard: Standard
    criterion: Criterion
    day: date
    basis: str
    cycle_years: int
    headroom: Mapping[str, Any]
    standing: pl.DataFrame
    said: pl.DataFrame
    below: pl.DataFrame
    actions: pl.DataFrame
    results: pl.DataFrame
    superseded: pl.DataFrame
    profile: Profile
    origins: Mapping[int, Origin]


Behind = ElementBehind | CriterionBehind


def full_years(since: date, day: date) -> int:
    """How many full years lie between two days."""
    return day.year - since.year - ((day.month, day.day) < (since.month, since.day))
