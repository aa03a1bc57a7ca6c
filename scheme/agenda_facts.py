"""What a meeting is to speak of, picked from the facts of one snapshot; scheme.agenda puts it into steps and words.

measures.md names no rule for it; all of it is **ours**:

- Only verdicts are spoken of: what is rolled up from below is an indication (measures.md section 2) and is left out.
- *Hottest* are the criteria of a department that fail: those with most non-compliant elements first, then those
  furthest over their allowance, then those that did not fail at the last meeting.
- *At the limit* are the departments whose verdict is that; those with most criteria at their limit first.
- *Changed* is a criterion of a department whose status was another at the last meeting; the worse first.
- A certificate is *at risk* while it is in force and what is outstanding does not fit into the reviews that are left,
  or is not known to fit; or while sites are owed that must be visited, or any within YEAR of its end.
- *To decide* is about every finding in a criterion that fails or is at its limit with no action, or a late one; those
  that fail come first, of these those without an action.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from scheme.headroom import STATUSES, status_by_department
from scheme.standard import Standard

YEAR = timedelta(days=365)
Names = Mapping[str | None, str]
_PLACE = ["department_code", "criterion"]


@dataclass(frozen=True)
class Facts:
    """What an agenda is made from; every frame as of `day` and cut to what the reader may see.

    `said`: how the programme stands, in the sentences of the screens. `headroom` is scheme.headroom.headroom; `before`
    the same of `since`, the day of the last meeting; `moves` scheme.movement.moves between the two. `completion` and
    `visits` are scheme.coverage.completion and scheme.visits.visits, None for whoever may not see the cycle. `actions`
    and `findings` are scheme.actions.actions and findings_without.
    """

    day: date
    since: date
    standard: Standard
    names: Names
    said: Sequence[str]
    headroom: pl.DataFrame
    before: pl.DataFrame
    moves: pl.DataFrame
    completion: pl.DataFrame | None
    visits: pl.DataFrame | None
    actions: pl.DataFrame
    findings: pl.DataFrame


def verdicts(headroom: pl.DataFrame) -> pl.DataFrame:
    """The rows of scheme.headroom.headroom that are verdicts: assessed at all, and nothing rolled up in them."""
    return headroom.filter(~pl.col("indicative"), pl.col("elements") > pl.col("not_assessed"))


def departments(headroom: pl.DataFrame) -> pl.DataFrame:
    """scheme.headroom.STATUS of the departments that have a verdict."""
    known = headroom.filter(pl.col("elements") > pl.col("not_assessed")).select("department_code").unique()
    rows = status_by_department(headroom).filter(~pl.col("indicative"))
    return rows.join(known, on="department_code", how="semi", nulls_equal=True, maintain_order="left")


def changed(headroom: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The verdicts that were others before: the columns of `headroom`, with was and is_worse; the worse first."""
    was = verdicts(before).select(*_PLACE, was="status")
    rows = verdicts(headroom).with_row_index("place").join(was, on=_PLACE, nulls_equal=True)
    rows = rows.filter(pl.col("status") != pl.col("was")).with_columns(is_worse=_rank("status") < _rank("was"))
    return rows.sort(~pl.col("is_worse"), _rank("status"), "place").drop("place")


def _rank(column: str) -> pl.Expr:
    return pl.col(column).replace_strict(STATUSES, range(len(STATUSES)), return_dtype=pl.Int8)


def hottest(headroom: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The verdicts that fail, the hottest first: the columns of `headroom`, with is_new (it did not fail before)."""
    failed = verdicts(before).filter(status="fails").select(*_PLACE, failed=True)
    rows = verdicts(headroom).filter(status="fails").with_row_index("place")
    rows = rows.join(failed, on=_PLACE, how="left", nulls_equal=True).with_columns(is_new=pl.col("failed").is_null())
    return rows.sort(-pl.col("non_compliant"), "headroom", ~pl.col("is_new"), "place").drop("place", "failed")


def at_limit(headroom: pl.DataFrame) -> pl.DataFrame:
    """The departments at their limit (scheme.headroom.STATUS), with tight: how many criteria; those with most first."""
    tight = verdicts(headroom).filter(status="at_limit").group_by("department_code").agg(tight=pl.len())
    rows = departments(headroom).filter(status="at_limit").with_row_index("place")
    return rows.join(tight, on="department_code", nulls_equal=True).sort(-pl.col("tight").cast(pl.Int64), "place")


def coverage_at_risk(completion: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """The certificates in force whose coverage is at risk, those that cannot be completed first (COMPLETION)."""
    running = visits.filter(pl.col("days_to_expiry") > 0).select("certificate_code", "days_to_expiry")
    rows = completion.join(running, on="certificate_code").filter(pl.col("outstanding") > 0)
    rows = rows.filter(~pl.col("can_complete").fill_null(value=False))
    return rows.sort(pl.col("can_complete").is_null(), "days_to_expiry", "certificate_code")


def sites_at_risk(visits: pl.DataFrame) -> pl.DataFrame:
    """The certificates in force of which sites are at risk, the one that ends first on top (VISITS_OWED)."""
    owed = pl.col("outstanding").fill_null(0)
    near = pl.col("days_to_expiry") <= YEAR.days
    rows = visits.filter(pl.col("days_to_expiry") > 0, (pl.col("must_visit_outstanding") > 0) | (near & (owed > 0)))
    return rows.sort("days_to_expiry", "certificate_code")


def to_decide(facts: Facts) -> pl.DataFrame:
    """What waits for a decision: department_code, element, criterion, status (of it), and of a late action the rest.

    action, owner and days_over are null where a finding has no action.
    """
    criteria = {element.code: element.criterion for element in facts.standard.elements}
    tight = verdicts(facts.headroom).filter(pl.col("status").is_in(["fails", "at_limit"])).select(*_PLACE, "status")
    late = facts.actions.filter(state="overdue").select("department_code", "element", "action", "owner", "days_over")
    rows = pl.concat([facts.findings.select("department_code", "element"), late], how="diagonal").with_columns(
        criterion=pl.col("element").replace_strict(criteria, default=None, return_dtype=pl.String)
    )
    rows = rows.with_row_index("place").join(tight, on=_PLACE, nulls_equal=True)
    return rows.sort(_rank("status"), pl.col("action").is_not_null(), "place").drop("place")
