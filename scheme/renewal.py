"""The renewal gate: the five checks of a certificate, as of a day and at its expiry (measures.md section 6).

What the page leaves open is **ours**:

- `pass_mark` fails where a criterion fails, also where that takes bands rolled up from below; then its sentence says
  first that this is an indication and no assessor's verdict (section 2).
- A holder that is not active on the day has no criteria to be judged by: `pass_mark` is unknown.
- An element is partial again when its newest own formal results, two or more in a row, are partial; one that was put
  right since is not. `trend` counts as assessments those that gave the holder results of its own, not restated.
- What is planned is what lies on or after the day asked; a booking that has passed without being held is none.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl

from scheme.arrivals import review_forms
from scheme.cycle import certificates_on, places_of
from scheme.frames import Programme, Schema
from scheme.gate_evidence import Evidence, as_planned, evidence
from scheme.sentences import counted, listed
from scheme.sentences import day as in_words
from scheme.standard import code_order
from scheme.standing import CORPORATE

CHECKS = ("reports", "elements", "sites", "pass_mark", "trend")
OUTCOMES = ("fail", "unknown", "attention", "pass")  # worst first (ours)
RENEWAL: Schema = {
    "certificate_code": pl.String,
    "check": pl.String,  # one of CHECKS
    "outcome": pl.String,  # one of OUTCOMES, as of the day
    "outcome_at_expiry": pl.String,  # as of the last day of the cycle, with what is planned
    "detail": pl.String,  # from facts; of expiry too where the outcome differs
    "department_code": pl.String,  # of the holder
    "today": pl.String,  # the sentence as of the day
    "at_expiry": pl.String,  # the sentence as of the last day of the cycle
}
DATES: Schema = {
    "certificate_code": pl.String,
    "what": pl.String,  # form, review, expiry
    "on": pl.Date,
    "days": pl.Int64,  # from the day asked; negative once past
    "assessment_code": pl.String,  # null for expiry
    "assessment_type": pl.String,
    "department_code": pl.String,  # whose review it is; of expiry, the holder
    "submitted_on": pl.Date,  # of a form: when it was handed in, if it was by the day
}
_Judged = tuple[str, str]  # an outcome and why
_SHOWN = 10


def renewal(programme: Programme, day: date) -> pl.DataFrame:
    """The five checks of each certificate, once as of the day and once at expiry.

    Columns and dtypes are RENEWAL's, sorted by certificate_code, then check in the order of CHECKS.
    measures.md section 6.
    """
    certificates = certificates_on(programme, day)
    now, later = evidence(programme, day, certificates), evidence_at_expiry(programme, day, certificates)
    return judged(certificates, now, later)


def evidence_at_expiry(programme: Programme, day: date, certificates: pl.DataFrame) -> Evidence:
    """What each certificate is judged by on the last day of its cycle, with what is planned on the day asked."""
    last_days = certificates.with_columns(asked_on=pl.col("expires_on").dt.offset_by("-1d"))
    return evidence(as_planned(programme, day), day, last_days)


def judged(certificates: pl.DataFrame, now: Evidence, later: Evidence) -> pl.DataFrame:
    """The checks of these certificates (scheme.frames.CERTIFICATES) by the evidence of now and of expiry; RENEWAL."""
    codes = certificates["certificate_code"]
    today, then = now.apart(codes), later.apart(codes)
    rows: list[tuple[Any, ...]] = []
    for code, holder, expires_on in certificates.select(
        "certificate_code", "department_code", "expires_on"
    ).iter_rows():
        rows += _of_certificate(code, holder, expires_on, today[code], then[code])
    rows.sort(key=lambda row: (code_order(row[0]), CHECKS.index(row[1])))
    return pl.DataFrame(rows, RENEWAL, orient="row")


def last_day(expires_on: date) -> date:
    """The last day of a cycle that ends at `expires_on`, the first day without the certificate."""
    return expires_on - timedelta(days=1)


def next_dates(programme: Programme, day: date) -> pl.DataFrame:
    """What is next for each certificate: the booked reviews, when their forms are due, and expiry.

    Reviews are planned formal assessments, beginning on or after the day, of the holder or a department below it; the
    form is due one month before. Columns and dtypes are DATES', by certificate and then by day. measures.md section 6.
    """
    certificates = certificates_on(programme, day)
    booked = (
        review_forms(programme.assessments)
        .filter(pl.col("begins_on") >= day)
        .with_columns(place=pl.col("department_code").fill_null(CORPORATE))
        .join(places_of(programme, certificates), on="place")
        .with_columns(submitted_on=pl.when(pl.col("submitted_on") <= day).then("submitted_on"))
    )
    about = ["certificate_code", "assessment_code", "assessment_type", "department_code"]
    parts = [
        booked.select(*about, "submitted_on", what=pl.lit("form"), on="form_on"),
        booked.select(*about, what=pl.lit("review"), on="begins_on"),
        certificates.select("certificate_code", "department_code", what=pl.lit("expiry"), on="expires_on"),
    ]
    rows = pl.concat(parts, how="diagonal").with_columns(days=(pl.col("on") - day).dt.total_days())
    order = [(code_order(r["certificate_code"]), r["on"], code_order(r["assessment_code"])) for r in rows.to_dicts()]
    sorted_rows = rows[sorted(range(len(order)), key=order.__getitem__)] if order else rows
    return sorted_rows.select(pl.col(name).cast(dtype) for name, dtype in DATES.items())


def _of_certificate(
    code: str, holder: str | None, expires_on: date, now: Evidence, later: Evidence
) -> list[tuple[Any, ...]]:
    rows = []
    for check in CHECKS:
        (outcome, why), (at_expiry, why_then) = _JUDGES[check](now), _JUDGES[check](later)
        differs = (
            f" On {in_words(last_day(expires_on))}, with what is planned: {why_then}" if at_expiry != outcome else ""
        )
        rows.append((code, check, outcome, at_expiry, why + differs, holder, why, why_then))
    return rows


def _reports(of: Evidence) -> _Judged:
    over = of.years.filter(state="over").to_dicts()
    empty = [row for row in over if not row["assessment_days"]]
    if empty:
        years = listed(
            [f"year {r['year']} ({in_words(r['begins_on'])} to {in_words(last_day(r['ends_on']))})" for r in empty]
        )
        verb = "is" if len(empty) == 1 else "are"
        return "fail", f"{years[:1].upper()}{years[1:]} {verb} over without an assessment day."
    if not over:
        return "pass", "No year of the cycle is over yet."
    days = [f"year {row['year']} on {listed([in_words(on) for on in row['assessment_days']])}" for row in over]
    return "pass", f"Every year that is over has an assessment day: {'; '.join(days)}."


def _elements(of: Evidence) -> _Judged:
    owed = of.elements.filter("outstanding")["element"].to_list()
    if owed:
        verb = "is" if len(owed) == 1 else "are"
        return "fail", f"{len(owed)} of {of.elements.height} elements {verb} outstanding: {listed(owed, _SHOWN)}."
    missed = of.elements.filter(pl.col("kind") == "annual", pl.col("years").list.contains("missed"))
    if missed.height:
        named = [
            f"{element} (year {', '.join(str(n) for n, state in enumerate(states, 1) if state == 'missed')})"
            for element, states in missed.select("element", "years").iter_rows()
        ]
        years = "that are due every year" if missed.height > 1 else "that is due every year"
        return "attention", (
            f"Nothing is outstanding, but {counted(missed.height, 'element')} {years} "
            f"{'was' if missed.height == 1 else 'were'} missed in a year that is over: {listed(named, _SHOWN)}."
        )
    if not of.lists["annual_list_set"].all():
        return "unknown", "Nothing is outstanding, but the annual list is not set: ask your certification body."
    return "pass", "Nothing is outstanding and no annual element was missed."


def _sites(of: Evidence) -> _Judged:
    owed = of.owed.row(0, named=True)
    must = of.sites.filter("in_scope", "must_visit", ~pl.col("visited"))["site_code"].to_list()
    required, visited = owed["sites_required"], owed["visited"]
    said = []
    if owed["outstanding"]:
        verb = "is" if owed["outstanding"] == 1 else "are"
        said.append(f"{owed['outstanding']} of {counted(required, 'required site')} {verb} still to be visited")
    if must:
        said.append(f"{counted(len(must), 'must-visit site')} not visited ({listed(must, _SHOWN)})")
    if said:
        return "fail", f"{_sentence('; '.join(said))}"
    if required is None:
        return "unknown", f"The certificate states no number of sites; {counted(visited, 'site')} visited."
    return (
        "pass",
        f"{_sentence(counted(visited, 'site'))[:-1]} visited, {required} required; no must-visit site is owed.",
    )


def _pass_mark(of: Evidence) -> _Judged:
    if of.criteria.is_empty():
        return "unknown", "The holder is not active on this day, so that no criterion of it is measured."
    fails = of.criteria.filter(status="fails")
    if fails.height:
        lead = [] if fails["fails_by_own"].any() else ["An indication from rolled-up bands, not an assessor's verdict."]
        return "fail", " ".join([*lead, *fails["why"]])
    open_ones = of.criteria.filter((pl.col("status") == "incomplete") | pl.col("indicative"))
    if open_ones.height:
        lead = ["Rolled-up bands give no verdict."] if open_ones["indicative"].any() else []
        return "unknown", " ".join([*lead, *open_ones["why"]])
    limit = of.criteria.filter(status="at_limit")
    return "pass", " ".join(["No criterion fails.", *limit["why"]])


def _trend(of: Evidence) -> _Judged:
    if of.setbacks.height:
        return "attention", " ".join(_setback(row) for row in of.setbacks.head(_SHOWN).iter_rows(named=True)) + (
            f" And {of.setbacks.height - _SHOWN} more." if of.setbacks.height > _SHOWN else ""
        )
    assessments = int(of.lists["assessments"].sum())
    if assessments < 2:
        return (
            "unknown",
            f"{_sentence(counted(assessments, 'formal assessment'))[:-1]} of the holder so far; a trend takes two.",
        )
    return "pass", f"No element fell or stays partial over {assessments} formal assessments."


def _setback(row: dict[str, Any]) -> str:
    said = []
    if row["fell_on"]:
        said.append(f"fell from {_band(row['fell_from'])} to {_band(row['fell_to'])} on {in_words(row['fell_on'])}")
    if row["partials"]:
        days = listed([in_words(on) for on in row["days"][-row["partials"] :]])
        said.append(f"is partial {row['partials']} times in a row ({days})")
    return f"{row['element']} {' and '.join(said)}."


def _band(code: str) -> str:
    return {"non_compliant": "non-compliant"}.get(code, code.replace("_", " "))


_JUDGES: dict[str, Callable[[Evidence], _Judged]] = {
    "reports": _reports,
    "elements": _elements,
    "sites": _sites,
    "pass_mark": _pass_mark,
    "trend": _trend,
}


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."
