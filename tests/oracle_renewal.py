"""The slow, obvious twin of scheme/renewal.py, in plain Python, written from measures.md and from nothing else.

Every docstring quotes the sentences it stands for. Records have the keys of commands.md, without `why`.
"""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from scheme.frames import Programme
from tests.oracle import (
    FORMAL,
    SOUND,
    Row,
    chosen_certificates,
    counts_in_cycle,
    coverage,
    cycle_years,
    headroom,
    in_time,
    profile_on,
    results_with_restated,
    visits,
)


def as_it_will_be(programme: Programme, day: date) -> Programme:
    """With what is planned, and leaving out what is not known on the day.

    "planned assessments held on their day cover their scope and leave bands as they are; planned visits happen";
    "Results, visits and certificates after it do not exist for it."
    A held assessment beside each one thought of, without a scope, keeps it from restating results of the day itself.
    """
    moving = [row for row in results_with_restated(programme) if row["assessed_on"] <= day and not row["restated"]]
    types = {row["assessment_code"]: row["assessment_type"] for row in programme.assessments.to_dicts()}
    held, preparing = [], ("gap_analysis", "desk_review", "self_assessment")
    for row in programme.assessments.to_dicts():
        if not row["planned"] and row["ended_on"] <= day:
            held.append(row)
        elif row["planned"] and row["ended_on"] >= day:
            held += [row | {"planned": False}, row | {"planned": False, "scope": None}]
    visits = []
    for row in programme.visits.to_dicts():
        happens = row["visited_on"] >= day if row["planned"] else row["visited_on"] <= day
        if happens and types.get(row["assessment_code"]) not in preparing:
            visits.append(row | {"planned": False, "assessment_code": None})
    return replace(
        programme,
        assessments=pl.DataFrame(held, programme.assessments.schema),
        results=pl.DataFrame(
            [{k: row[k] for k in programme.results.columns} for row in moving], programme.results.schema
        ),
        visits=pl.DataFrame(visits, programme.visits.schema),
    )


def renewal_reports(programme: Programme, day: date, certificate: Row) -> str:
    """`reports`: an assessment day in every year that is over; else fail."""
    over = [row for row in cycle_years(programme, day, [certificate]) if row["state"] == "over"]
    return "pass" if all(row["assessment_days"] for row in over) else "fail"


def renewal_elements(programme: Programme, day: date, certificate: Row) -> str:
    """`elements`: fail if any is outstanding; else attention if an annual year was missed; else unknown if ... not set.

    "else unknown if the annual list is not set; else pass."
    """
    rows = coverage(programme, day, [certificate])
    if any(row["outstanding"] for row in rows):
        return "fail"
    if any(row["kind"] == "annual" and "missed" in row["years"] for row in rows):
        return "attention"
    return "unknown" if profile_on(programme, day, certificate["profile"]).annual_elements is None else "pass"


def renewal_sites(programme: Programme, day: date, certificate: Row) -> str:
    """`sites`: fail if outstanding or a must-visit site is owed; unknown where no number is stated; else pass."""
    (row,) = visits(programme, day, [certificate])
    if row["outstanding"] or row["must_visit_outstanding"]:
        return "fail"
    return "unknown" if row["sites_required"] is None else "pass"


def renewal_pass_mark(programme: Programme, day: date, certificate: Row) -> str:
    """`pass_mark`: fail if a criterion of the holder fails; unknown if one is incomplete or indicative; else pass.

    "A certificate's own profile overrides the tenant's for its coverage, visits and renewal."
    Ours: a holder that is not active has no criteria, and so it is unknown.
    """
    under = replace(programme, profiles={"": [profile_on(programme, day, certificate["profile"])]})
    own = [row for row in headroom(under, day) if row["department_code"] == certificate["department_code"]]
    if any(row["status"] == "fails" for row in own):
        return "fail"
    if not own or any(row["status"] == "incomplete" or row["indicative"] for row in own):
        return "unknown"
    return "pass"


def renewal_trend(programme: Programme, day: date, certificate: Row) -> str:
    """`trend`: attention where an element fell and is still below, or is partial again and again; never fail.

    "attention if an element of the holder fell from compliant or better to below between consecutive own formal
    results, the later one in the cycle, and is still below; or is partial at two or more consecutive own formal
    results, the latest in the cycle. ... unknown with fewer than two formal assessments; else pass."
    """
    own = sorted(
        (
            row
            for row in results_with_restated(programme)
            if row["department_code"] == certificate["department_code"]
            and row["site_code"] is None
            and row["assessment_type"] in FORMAL
            and row["assessed_on"] <= day
            and not row["restated"]
        ),
        key=in_time,
    )
    for element in programme.standard.codes:
        of_it = [row for row in own if row["element"] == element]
        if not of_it or of_it[-1]["band"] not in ("partial", "non_compliant"):
            continue
        for earlier, later in itertools.pairwise(of_it):
            fell = earlier["band"] in SOUND and later["band"] in ("partial", "non_compliant")
            if fell and counts_in_cycle(certificate, later["assessed_on"]):
                return "attention"
        twice = [row["band"] for row in of_it[-2:]] == ["partial", "partial"]
        if twice and counts_in_cycle(certificate, of_it[-1]["assessed_on"]):
            return "attention"
    return "unknown" if len({(row["assessed_on"], row["assessment_type"]) for row in own}) < 2 else "pass"


def renewal(programme: Programme, day: date) -> list[Row]:
    """Once as of the day, once as of the last day of the cycle with what is planned."""
    judges = {
        "reports": renewal_reports,
        "elements": renewal_elements,
        "sites": renewal_sites,
        "pass_mark": renewal_pass_mark,
        "trend": renewal_trend,
    }
    rows = []
    for certificate in chosen_certificates(programme, day):
        last, then = certificate["expires_on"] - timedelta(days=1), as_it_will_be(programme, day)
        for check, judge in judges.items():
            rows.append(
                {
                    "certificate_code": certificate["certificate_code"],
                    "check": check,
                    "outcome": judge(programme, day, certificate),
                    "outcome_at_expiry": judge(then, last, certificate),
                }
            )
    return rows
