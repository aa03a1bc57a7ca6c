"""Random programmes for Hypothesis: small, crowded, and dated around the edges where the rules change their mind.

A few departments, sites and elements share a handful of days: the boundaries of cycles, years, grace, scope and
profile versions, with the days before and after. So ties, shared days and exact limits are the rule, not luck.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl
from hypothesis import strategies as st

from scheme.frames import (
    ASSESSMENTS,
    CERTIFICATES,
    DEPARTMENTS,
    RESULTS,
    SITES,
    VISITS,
    Programme,
    Schema,
)
from scheme.standard import ALL_BANDS, ASSESSMENT_TYPES, BASES, Profile, Standard, shipped, standard_of

Draw = Any
Row = dict[str, Any]

CODES = ("D2", "D10", "A", "d 3", "D1")
SITE_CODES = ("S1", "S2", "S10", "7")
CERTIFICATE_CODES = ("C9", "C10", "C2", "B1")
AWARDS = (date(2024, 2, 29), date(2024, 4, 1), date(2025, 2, 28))


@cache
def small_standard(nested: bool) -> Standard:
    """Two criteria of three elements, with sub-criteria or without; their numbers sort differently as text."""
    shape = {"9": ("9.1.1", "9.1.2", "9.1.10"), "10": ("10.1.1", "10.1.2", "10.1.3")}
    criteria = []
    for code, elements in shape.items():
        rows = [{"code": element, "title": f"Made-up element {element}"} for element in elements]
        below: Row = {"elements": rows}
        if nested:
            below = {"sub_criteria": [{"code": f"{code}.1", "title": "Made-up", "elements": rows}]}
        criteria.append({"code": code, "title": f"Made-up criterion {code}"} | below)
    bands = [{"code": band, "label": band.replace("_", " "), "sign": band[:2]} for band in ALL_BANDS]
    return standard_of({"code": "small", "title": "Made-up", "bands": bands, "criteria": criteria})


def frame(rows: list[Row], schema: Schema) -> pl.DataFrame:
    """Rows as a frame of the schema; columns no rule reads are null."""
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def year_later(day: date, years: int = 1) -> date:
    leap = day.month == 2 and day.day == 29
    return date(day.year + years, 2, 28) if leap and (day.year + years) % 4 else day.replace(year=day.year + years)


def profiles_of(standard: Standard, code: str) -> st.SearchStrategy[list[Profile]]:
    """One to three versions of a profile, in no order of days."""
    version = st.builds(
        Profile,
        code=st.just(code),
        name=st.sampled_from(["Body", "Body, revised"] if code else ["Ours"]),
        in_force_from=st.sampled_from([None, date(2024, 2, 29), date(2025, 3, 1), date(2026, 4, 1), date(2027, 4, 1)]),
        allowances=st.fixed_dictionaries({c.code: st.integers(0, 3) for c in standard.criteria}),
        annual_elements=st.sampled_from(
            [None, (), standard.codes[:1], standard.codes[:1], standard.codes[1:4], standard.codes]
        ),
        cycle_years=st.sampled_from([3, 3, 3, 1, 2, 5]),
        opening_days=st.sampled_from([92, 92, 0, 1, 10, 400]),
        opening_assessment_counts=st.sampled_from([False, False, True]),
        review_grace_days=st.sampled_from([92, 92, 92, 0, 1, 30, 366, 500, 800]),
        remote_visits_count=st.booleans(),
        minor_share=st.sampled_from([0.25, 0.25, 0.0, 0.2, 1 / 3, 0.5, 0.5, 1.0]),
    )
    return st.lists(version, min_size=1, max_size=3, unique_by=lambda one: one.in_force_from)


def some(draw: Draw, codes: Sequence[str]) -> list[str]:
    """Any number of the codes, rather more than less, in any order."""
    numbers = [*range(len(codes) + 1), *range(1, len(codes) + 1), *range(2, len(codes) + 1)]
    mixed: list[str] = draw(st.permutations(codes))
    return mixed[: draw(st.sampled_from(numbers))]


def seldom(days: Sequence[date]) -> st.SearchStrategy[date | None]:
    """None four times of five, else one of the days."""
    return st.sampled_from([None] * 4 * len(days) + [*days])


def departments_of(draw: Draw, codes: list[str], days: list[date]) -> list[Row]:
    rows: list[Row] = []
    for code in codes:
        rows.append(
            {
                "department_code": code,
                "parent_code": draw(st.sampled_from([None, *(row["department_code"] for row in rows)])),
                "active_from": draw(seldom(days)),
                "active_to": draw(seldom(days)),
            }
        )
    # A child may stand before its parent in a register.
    return sorted(rows, key=lambda row: str(row["department_code"]))


def sites_of(draw: Draw, departments: list[str], days: list[date]) -> list[Row]:
    belongs = st.lists(st.sampled_from(departments), unique=True, max_size=3) if departments else st.just([])
    return [
        {
            "site_code": code,
            "department_codes": sorted(draw(belongs)),
            "in_scope_from": draw(seldom(days)),
            "in_scope_to": draw(seldom(days)),
            "must_visit": draw(st.booleans()),
            "central_function": draw(st.sampled_from([False, False, True])),
        }
        for code in some(draw, SITE_CODES)
    ]


def certificates_of(draw: Draw, departments: list[str], profile_names: list[str | None]) -> list[Row]:
    rows = []
    for code in some(draw, CERTIFICATE_CODES):
        awarded_on = draw(st.sampled_from(AWARDS))
        ends = [year_later(awarded_on, years) for years in (1, 2, 3, 3, 3, 4, 5)]
        ends += [awarded_on + timedelta(days=days) for days in (0, 1, 40, 366, 550, 1095, 1096, 1097)]
        rows.append(
            {
                "certificate_code": code,
                "department_code": draw(st.sampled_from([None, None, *departments])),
                "awarded_on": awarded_on,
                "expires_on": draw(st.sampled_from(ends)),
                "ended_on": draw(st.sampled_from([None, None, None, awarded_on, *ends])),
                "sites_required": draw(st.sampled_from([None, 0, 1, 2, 5])),
                "profile": draw(st.sampled_from(profile_names)),
            }
        )
    return rows


def boundaries(certificates: list[Row], profiles: list[Profile]) -> list[date]:
    """The days on which the rules change their mind, with the days before and after."""
    found = {version.in_force_from for version in profiles if version.in_force_from} | {AWARDS[0]}
    for row in certificates:
        found |= {row["awarded_on"], row["expires_on"]} | ({row["ended_on"]} if row["ended_on"] else set())
        for version in profiles:
            begins = [year_later(row["awarded_on"], k) for k in range(version.cycle_years)]
            grace = timedelta(days=version.review_grace_days)
            found |= {*begins, *(end + grace for end in begins[1:])}
            found.add(row["awarded_on"] + timedelta(days=version.opening_days))
    return sorted({day + timedelta(days=by) for day in found for by in (-1, 0, 1)})


def assessments_of(
    draw: Draw, departments: list[str], days: list[date], day: date, types: Sequence[str], codes: Sequence[str]
) -> list[Row]:
    """Held and planned, with scope and without; what lies ahead of the day asked is mostly planned."""
    scope = st.lists(st.sampled_from(codes), unique=True, min_size=1, max_size=5)
    rows = []
    for number in range(draw(st.sampled_from(range(9)))):
        ended_on = draw(st.sampled_from(days))
        rows.append(
            {
                "assessment_code": f"R{number}",
                "department_code": draw(st.sampled_from([None, *departments])),
                "assessment_type": draw(st.sampled_from([*types, *types, "gap_analysis", "self_assessment"])),
                "started_on": ended_on - timedelta(days=draw(st.integers(0, 2))),
                "ended_on": ended_on,
                "planned": draw(st.sampled_from([ended_on >= day] * 4 + [ended_on < day])),
                "scope": draw(st.one_of(st.none(), scope, scope)),
            }
        )
    return rows


def results_of(
    draw: Draw,
    departments: list[str],
    sites: list[Row],
    assessments: list[Row],
    days: list[date],
    types: Sequence[str],
    codes: Sequence[str],
) -> list[Row]:
    """Reports of one department or site, type and day each; about half of them of an assessment in the register."""
    found: dict[tuple[Any, ...], Row] = {}
    band = st.sampled_from([None, *ALL_BANDS, *ALL_BANDS, "non_compliant", "partial", None])
    bands = st.lists(band, min_size=len(codes), max_size=len(codes))
    for _ in range(draw(st.sampled_from(range(16)))):
        site = draw(st.sampled_from([None, *sites]))
        theirs = [None, *departments * 2] if site is None else [None, None, *site["department_codes"] * 4, *departments]
        head = draw(st.sampled_from([None, *assessments])) or {
            "department_code": draw(st.sampled_from(theirs)),
            "assessment_type": draw(st.sampled_from(types)),
            "ended_on": draw(st.sampled_from(days)),
        }
        restated = draw(st.sampled_from([False, False, False, False, True]))
        for element, given in zip(codes, draw(bands), strict=True):
            if given is None:
                continue
            row = {
                "department_code": head["department_code"],
                "site_code": site and site["site_code"],
                "assessment_type": head["assessment_type"],
                "assessed_on": head["ended_on"],
                "element": element,
                "band": given,
                "restated": restated,
            }
            found.setdefault(tuple(row[key] for key in row if key not in ("band", "restated")), row)
    return list(found.values())


def visits_of(draw: Draw, sites: list[str], assessments: list[Row], days: list[date]) -> list[Row]:
    if not sites:
        return []
    count = draw(st.sampled_from(range(9)))
    visit = st.fixed_dictionaries(
        {
            "site_code": st.sampled_from(sites),
            "visited_on": st.sampled_from(days),
            "mode": st.sampled_from(["on_site", "on_site", "on_site", "remote", "self_assessed"]),
            "assessment_code": st.sampled_from([None, None, "gone", *(row["assessment_code"] for row in assessments)]),
            "planned": st.sampled_from([False, False, False, True]),
        }
    )
    rows = draw(st.lists(visit, min_size=count, max_size=count))
    return list({(row["site_code"], row["visited_on"], row["mode"]): row for row in rows}.values())


@st.composite
def cases(draw: Draw, basis: str = "formal") -> tuple[Programme, date]:
    """A programme and a day to ask for: one on which something happened, a boundary, or any other.

    Most of its assessments are of the basis.
    """
    standard = draw(st.sampled_from([small_standard(True)] * 6 + [small_standard(False)] * 2 + [shipped("cse")]))
    profiles = {"": draw(profiles_of(standard, ""))}
    if draw(st.booleans()):
        profiles["body"] = draw(profiles_of(standard, "body"))
    names = [None, None, *(["body", "BODY", profiles["body"][-1].name.upper()] if "body" in profiles else [])]
    codes = draw(st.permutations(standard.codes))[:6] if len(standard.codes) > 6 else standard.codes

    # Few types at a time, or the results of one basis would seldom meet.
    of_basis = BASES[basis]
    types = draw(st.sampled_from([of_basis, of_basis[:2], (*of_basis[:3], "gap_analysis"), ASSESSMENT_TYPES]))
    known = some(draw, CODES)
    certificates = certificates_of(draw, known, names)
    edges = boundaries(certificates, [version for versions in profiles.values() for version in versions])
    inside = [day for day in edges if any(c["awarded_on"] <= day < c["expires_on"] for c in certificates)]
    days = sorted(draw(st.lists(st.sampled_from(edges + 3 * inside), min_size=3, max_size=8, unique=True)))
    day = draw(
        st.one_of(
            st.sampled_from(days[1:]),
            st.sampled_from(days[len(days) // 2 :]),
            st.sampled_from(edges + inside),
            st.dates(days[1], days[1] + timedelta(days=1200)),
        )
    )
    sooner = days + 3 * [one for one in days if one <= day]
    departments = departments_of(draw, known, days)
    sites = sites_of(draw, known, days)
    assessments = assessments_of(draw, known, days, day, types, codes)
    programme = Programme(
        standard,
        profiles,
        frame(departments, DEPARTMENTS),
        frame(sites, SITES),
        frame(certificates, CERTIFICATES),
        frame(assessments, ASSESSMENTS),
        frame(visits_of(draw, [row["site_code"] for row in sites], assessments, sooner), VISITS),
        frame(results_of(draw, known, sites, assessments, sooner, types, codes), RESULTS),
    )
    return programme, day


@st.composite
def mixes(draw: Draw) -> tuple[Programme, date]:
    """A corporate body without a result of its own, above sites with one band each, on a few days."""
    standard, day = small_standard(True), AWARDS[1]
    bands = draw(st.lists(st.sampled_from(ALL_BANDS), min_size=1, max_size=9))
    share = draw(st.sampled_from([0.25, 0.0, 0.1, 0.2, 0.3, 1 / 3, 0.5, 0.6, 2 / 3, 1.0]))
    profile = Profile("", "Ours", allowances={c.code: 1 for c in standard.criteria}, minor_share=share)
    sites, results = [], []
    for number, band in enumerate(bands):
        sites.append(
            {"site_code": f"S{number}", "department_codes": [], "must_visit": False, "central_function": False}
        )
        results.append(
            {
                "site_code": f"S{number}",
                "assessment_type": "annual_review",
                "assessed_on": day - timedelta(days=draw(st.integers(0, 3))),
                "element": standard.codes[0],
                "band": band,
                "restated": False,
            }
        )
    empty = {"departments": DEPARTMENTS, "certificates": CERTIFICATES, "assessments": ASSESSMENTS, "visits": VISITS}
    frames = {name: frame([], schema) for name, schema in empty.items()}
    return Programme(
        standard, {"": [profile]}, sites=frame(sites, SITES), results=frame(results, RESULTS), **frames
    ), day


def worked_example() -> Programme:
    """measures.md section 7: one holder, three years, five assessments' worth of results."""
    standard = shipped("cse")
    assert standard.profile is not None
    reports: list[tuple[str, date, dict[str, str]]] = [
        ("initial", date(2024, 2, 20), dict.fromkeys(standard.codes, "compliant") | {"1.2.1": "partial"}),
        (
            "annual_review",
            date(2025, 3, 10),
            {"1.1.1": "compliant", "1.2.1": "partial", "1.2.2": "partial", "4.3.2": "compliance_plus"},
        ),
        ("annual_review", date(2026, 3, 5), {"1.1.1": "compliant", "1.3.1": "non_compliant"}),
        ("reassessment", date(2026, 5, 2), {"1.3.1": "compliant"}),
    ]
    results = [
        {"assessment_type": kind, "assessed_on": day, "element": element, "band": band, "restated": False}
        for kind, day, bands in reports
        for element, band in bands.items()
    ]
    certificate = {
        "certificate_code": "C1",
        "awarded_on": date(2024, 4, 1),
        "expires_on": date(2027, 4, 1),
        "sites_required": 3,
    }
    return Programme(
        standard,
        {"": [replace(standard.profile, annual_elements=("1.1.1", "4.3.2"))]},
        frame([], DEPARTMENTS),
        frame([], SITES),
        frame([certificate], CERTIFICATES),
        frame([], ASSESSMENTS),
        frame([], VISITS),
        frame(results, RESULTS),
    )
