"""What holds on a day for one person and is to be told, and where it leads: of a view, so of what they may see."""

from collections.abc import Collection
from datetime import date
from typing import Any

import polars as pl

from dashboard import data, doing
from dashboard.filters import Filters
from dashboard.view import View
from db.reminders import Told
from db.roles import CYCLE, LOADS, RESULTS
from scheme.alerts import KINDS, Facts
from scheme.alerts import alerts as alerts_of
from scheme.arrivals import EXPECTED, expected, review_forms
from scheme.coverage import COMPLETION
from scheme.frames import ASSESSMENTS, CERTIFICATES, Schema
from scheme.visits_left import VISITS_LEFT, visits_left

# Each kind: what it needs, its words where it is chosen, those above what was told, the page that it leads to.
NEEDS = {
    "failing": RESULTS,
    "headroom": RESULTS,
    "coverage": CYCLE,
    "visits": CYCLE,
    "expiry": CYCLE,
    "form": CYCLE,
    "overdue": LOADS,
    "evidence": RESULTS,
}
LABELS = {
    "failing": "A criterion fails",
    "headroom": "No headroom is left",
    "coverage": "Coverage can no longer be completed",
    "visits": "Visits can no longer be completed",
    "expiry": "A certificate expires in 90, 30 or 7 days",
    "form": "A review form is due in 90, 30 or 7 days, or late",
    "overdue": "Data is overdue",
    "evidence": "Evidence expires in 30 or 7 days",
}
HEADINGS = {
    "failing": "Criteria that fail",
    "headroom": "No headroom left",
    "coverage": "Coverage that can no longer be completed",
    "visits": "Visits that can no longer be completed",
    "expiry": "Certificates that expire",
    "form": "Review forms that are due",
    "overdue": "Data that is overdue",
    "evidence": "Evidence that expires",
}
_PAGES = {
    "failing": "headroom",
    "headroom": "headroom",
    "coverage": "coverage",
    "visits": "sites",
    "expiry": "renewal",
    "form": "journey",
    "overdue": "arrivals",
    "evidence": "evidence",
}


def kinds_for(view: View) -> tuple[str, ...]:
    """The kinds of alerts that this person's role includes."""
    return tuple(kind for kind in KINDS if view.scope.may(NEEDS[kind]))


def alerts(view: View, day: date) -> pl.DataFrame:
    """scheme.alerts.alerts of the day, of the kinds that this person's role includes."""
    found = view.kept("alerts", lambda: alerts_of(facts(view, day)), day, *kinds_for(view))
    return found.filter(pl.col("kind").is_in(kinds_for(view)))


def facts(view: View, day: date) -> Facts:
    """What the alerts of a day are made of, cut to what may be seen; nothing of pages that the role lacks."""
    known = data.programme(view)
    has_cycle, has_loads = view.scope.may(CYCLE), view.scope.may(LOADS)
    completion = data.completions(view, day) if has_cycle else _none(COMPLETION)
    forms = data.cut(view, review_forms(known.assessments)) if has_cycle else review_forms(_none(ASSESSMENTS))
    return Facts(
        day,
        data.headrooms(view, day),
        completion,
        visits_left(known, day, data.visited(view, day), completion) if has_cycle else _none(VISITS_LEFT),
        data.certificates(view, day) if has_cycle else _none(CERTIFICATES),
        forms,
        data.cut(view, expected(known, day)) if has_loads else _none(EXPECTED),
        doing.evidence(view, day),
        names(view),
    )


def told(found: pl.DataFrame, kinds: Collection[str]) -> list[Told]:
    """These alerts as they are told, of these kinds, each with the address it leads to."""
    return [
        Told(row["key"], row["kind"], row["sentence"], address(row))
        for row in found.iter_rows(named=True)
        if row["kind"] in kinds
    ]


def address(row: dict[str, Any]) -> str:
    """The page that an alert leads to, on what it is about; always that of the present day."""
    page = _PAGES[row["kind"]]
    changes = {"certificate": row["certificate_code"]} if row["certificate_code"] else {}
    if not changes and row["department_code"]:
        changes = {"department": row["department_code"]}
    return Filters(page, date.min).href(**changes)


def names(view: View) -> dict[str | None, str]:
    """Names with their codes, as letters have no table beside them; the organisation's own under None."""
    told_names = data.names_with_organisation(view)
    return {code: name if code in (None, name) else f"{name} ({code})" for code, name in told_names.items()}


def _none(schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)
