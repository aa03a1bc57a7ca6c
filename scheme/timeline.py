"""One department's history: its formal assessments and certificates in order of time, and how it stood after each.

What follows from measures.md sections 2 and 3, asked of every day on which something happened; a day is listed for each
type of assessment that has an own formal result there, restated ones left out, for they move nothing. **Ours**: it is
better or worse by its status alone.
"""

from datetime import date
from typing import Any

import polars as pl

from scheme.frames import Programme, Schema
from scheme.headroom import STATUSES, headroom, status_by_department
from scheme.sight import in_sight
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, FORMAL
from scheme.standing import effective

WHATS = ("assessment", "awarded", "ended", "expired")
TIMELINE: Schema = {
    "on": pl.Date,
    "what": pl.String,  # one of WHATS
    "about": pl.String,  # the type of the assessment; the certificate's code
    "elements": pl.Int64,  # with a result in that assessment; null of certificates
    **dict.fromkeys(ALL_BANDS, pl.Int64),  # in force at the end of that day, own or rolled up
    "not_assessed": pl.Int64,
    "status": pl.String,
    "why": pl.String,
    "indicative": pl.Boolean,
    "change": pl.Int64,  # 1 better than before, -1 worse, 0 the same; null where there is no verdict on both days
}


def timeline(programme: Programme, day: date, department: str) -> pl.DataFrame:
    """What happened to a department by the day, the earliest first: columns and dtypes are TIMELINE's.

    Empty for one that is not known or was never assessed and never held a certificate. A day before the department was
    active or after it closed has no status.
    """
    own = in_sight(programme, (department,))
    events = _events(own, day, department)
    rows, before = [], None
    for on, what, about, elements in events:
        found = headroom(own, on).filter(department_code=department)
        told: dict[str, Any] = {"on": on, "what": what, "about": about, "elements": elements}
        if found.height:
            counts = found.select(pl.col(*ALL_BANDS, "not_assessed").sum()).row(0, named=True)
            told |= counts | status_by_department(found).select("status", "why", "indicative").row(0, named=True)
            now = None if told["indicative"] or counts["not_assessed"] == found["elements"].sum() else told["status"]
            if now and before:
                steps = STATUSES.index(now) - STATUSES.index(before)
                told["change"] = (steps > 0) - (steps < 0)
            before = now or before
        rows.append({name: told.get(name) for name in TIMELINE})
    return pl.DataFrame(rows, TIMELINE)


def _events(own: Programme, day: date, department: str) -> list[tuple[date, str, str, int | None]]:
    """Day, what, about and number of elements, in order: assessments by their types before what becomes of awards."""
    results = effective(own.results, own.assessments).filter(
        pl.col("department_code") == department,
        pl.col("site_code").is_null(),
        ~pl.col("restated"),
        pl.col("assessment_type").is_in(FORMAL),
        pl.col("assessed_on") <= day,
    )
    found: list[tuple[date, str, str, int | None]] = []
    for on, kind, number in results.group_by("assessed_on", "assessment_type").len().iter_rows():
        found.append((on, "assessment", kind, number))
    held = own.certificates.filter(department_code=department)
    for code, awarded, expires, ended in held.select(
        "certificate_code", "awarded_on", "expires_on", "ended_on"
    ).iter_rows():
        is_early = ended is not None and ended < expires
        last = (ended, "ended") if is_early else (expires, "expired")
        found += [(on, what, code, None) for on, what in ((awarded, "awarded"), last) if on <= day]
    types = {kind: place for place, kind in enumerate(ASSESSMENT_TYPES)}
    return sorted(found, key=lambda event: (event[0], WHATS.index(event[1]), types.get(event[2], 0), event[2]))
