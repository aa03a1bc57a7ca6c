"""What the page of a department says, worked out from frames: what is to be done by when, self against assessor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dashboard.words import count, day, listing
from scheme.actions import UNDONE
from scheme.standard import BANDS, Standard

Names = Mapping[str | None, str]
# To be done: by when (None: no day is set), whether it is late, the words, the page that tells more ("" where the
# reader may open none) and its keys.
Todo = tuple[date | None, bool, str, str, dict[str, str]]
_FORMS = {"initial": "first assessment", "annual_review": "annual review"}


@dataclass(frozen=True)
class About:
    """A department on a day; frames cut to it alone, and None where the reader may not see what they are about.

    `row`: of dashboard.pages.verdicts.verdicts. `headroom`, `standing`, `own` (its self-assessment), `timeline`,
    `actions`, `findings`, `evidence`, `lacking`: as the rules of scheme give them. `certificates`: of
    scheme.coverage.completion with expires_on and ended_on, its own and those it is below. `expected`: rows of
    dashboard.data.arrivals. `ahead`: planned formal assessments (scheme.arrivals.review_forms). `sites`: of
    pages.sites.with_states where it holds or is below a certificate, else of the register alone. `below`: rows of
    verdicts directly below.
    """

    day: date
    row: Mapping[str, Any]
    standard: Standard
    headroom: pl.DataFrame
    standing: pl.DataFrame
    own: pl.DataFrame
    timeline: pl.DataFrame
    actions: pl.DataFrame
    findings: pl.DataFrame
    evidence: pl.DataFrame
    lacking: pl.DataFrame
    ahead: pl.DataFrame
    below: pl.DataFrame
    names: Names
    certificates: pl.DataFrame | None
    expected: pl.DataFrame | None
    sites: pl.DataFrame | None

    @property
    def code(self) -> str:
        """The department's code."""
        return str(self.row["department_code"])

    @property
    def weak(self) -> pl.DataFrame:
        """The elements that are non-compliant or partial by a result of its own, the worst first."""
        found = self.standing.filter(pl.col("band").is_in(["non_compliant", "partial"]), ~pl.col("rolled_up"))
        return found.sort(pl.col("band").cast(pl.Enum(["non_compliant", "partial"])), maintain_order=True)


def to_do(about: About) -> list[Todo]:
    """What is to be done, what is late first, then by day, what has no day last."""
    told = [*_actions(about), *_reviews(about), *_cycle(about), *_evidence(about)]
    return sorted(told, key=lambda one: (not one[1], one[0] or date.max, one[2]))


def _actions(about: About) -> list[Todo]:
    late = about.actions.filter(state="overdue")
    found: list[Todo] = []
    if late.height:
        oldest = min(late["due_on"].to_list())
        words = f"{count(late.height, 'action')} overdue: {_named(late)}"
        found.append((oldest, True, words, "actions", {"status": "overdue"}))
    for row in about.actions.filter(pl.col("state").is_in(UNDONE[1:])).head(3).iter_rows(named=True):
        words = f"Action for {row['element'] or 'no one element'}: {row['action']}"
        found.append((row["due_on"], False, words, "actions", {}))
    for row in about.actions.filter(state="recheck").iter_rows(named=True):
        words = f"Re-check of a closed action for {row['element'] or 'no one element'}"
        found.append((row["recheck_on"], bool(row["days_over"]), words, "actions", {"status": "recheck"}))
    if about.findings.height:
        words = f"{count(about.findings.height, 'finding')} without an action: {listing(_elements(about.findings), 6)}"
        found.append((None, False, words, "actions", {"status": "findings"}))
    return found


def _named(rows: pl.DataFrame) -> str:
    return listing([code or "no element" for code in rows["element"].unique(maintain_order=True)], 6)


def _elements(rows: pl.DataFrame) -> list[str]:
    return list(rows["element"])


def _reviews(about: About) -> list[Todo]:
    found: list[Todo] = []
    arrivals = "" if about.expected is None else "arrivals"
    coverage = "" if about.certificates is None else "coverage"
    coming = about.ahead.filter(pl.col("begins_on") >= about.day)
    for row in coming.sort("begins_on").iter_rows(named=True):
        kind = _FORMS.get(row["assessment_type"], row["assessment_type"].replace("_", " "))
        if row["submitted_on"] is None or row["submitted_on"] > about.day:
            words = f"Review form of the {kind} of {day(row['begins_on'])}"
            found.append((row["form_on"], row["form_on"] < about.day, words, arrivals, {}))
        found.append((row["begins_on"], False, f"Booked: {kind}", coverage, {}))
    if about.expected is not None:
        for row in about.expected.filter(pl.col("what") == "results", pl.col("state") != "came").iter_rows(named=True):
            words = "Results or a self-assessment are expected"
            found.append((row["due_on"], row["state"] == "overdue", words, "arrivals", {}))
    return found


def _cycle(about: About) -> list[Todo]:
    found: list[Todo] = []
    rows = [] if about.certificates is None else about.certificates.to_dicts()
    for row in rows:
        code, keys = row["certificate_code"], {"certificate": row["certificate_code"]}
        if row["ended_on"] is not None and row["ended_on"] <= about.day:
            continue
        whose = "" if row["department_code"] == about.code else f" of {about.names.get(row['department_code'])}"
        if row["outstanding"]:
            words = f"{count(row['outstanding'], 'element')} owed in the cycle{whose} ({code})"
            found.append((row["expires_on"], False, words, "coverage", keys))
        words = f"Certificate {code}{whose} {'expired' if row['expires_on'] <= about.day else 'expires'}"
        found.append((row["expires_on"], row["expires_on"] <= about.day, words, "coverage", keys))
    return found


def _evidence(about: About) -> list[Todo]:
    expired, soon = (about.evidence.filter(state=state) for state in ("expired", "expiring"))
    found: list[Todo] = []
    if expired.height:
        words = f"{count(expired.height, 'piece')} of evidence expired"
        found.append((min(expired["expires_on"].to_list()), True, words, "evidence", {"status": "expired"}))
    if soon.height:
        words = f"{count(soon.height, 'piece')} of evidence {'expires' if soon.height == 1 else 'expire'} soon"
        found.append((min(soon["expires_on"].to_list()), False, words, "evidence", {"status": "expiring"}))
    return found


def self_against_assessor(own: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """The elements that a department rates otherwise than its assessors, both by own results on the scale.

    `own` and `standing` are scheme.standing.standing of one department on the bases self and formal. Columns: element,
    own, assessed (bands), by (Int64: above 0 it rates itself higher), own_on, found_on; higher first, in the order of
    the elements.
    """
    on_scale = pl.col("band").is_in(BANDS) & ~pl.col("rolled_up")
    rank = {band: place for place, band in enumerate(reversed(BANDS))}
    both = (
        own.filter(on_scale)
        .select("element", own="band", own_on="assessed_on")
        .join(
            standing.filter(on_scale).select("element", assessed="band", found_on="assessed_on"),
            on="element",
            maintain_order="left",
        )
    )
    ranks = (pl.col(name).replace_strict(rank, return_dtype=pl.Int64) for name in ("own", "assessed"))
    mine, theirs = ranks
    return both.with_columns(by=mine - theirs).filter(pl.col("by") != 0).sort(pl.col("by") < 0, maintain_order=True)
