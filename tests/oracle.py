"""Slow, obvious twins of the rules in scheme/, in plain Python, written from measures.md and from nothing else.

Every docstring quotes the sentences it stands for. Records have the keys of commands.md, without `why`.
"""

import re
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from scheme.frames import Programme
from scheme.standard import Profile

Row = dict[str, Any]

TYPES = ("self_assessment", "gap_analysis", "desk_review", "initial", "annual_review", "renewal", "reassessment")
FORMAL = ("initial", "annual_review", "renewal", "reassessment")
OF_BASIS = {"formal": FORMAL, "self": ("self_assessment",), "desk": ("desk_review",)}
BEST_FIRST = ("compliance_plus", "compliant", "partial", "non_compliant")
SOUND = ("compliance_plus", "compliant")
WORST_FIRST = ("fails", "at_limit", "incomplete", "passes")


def number_order(code: str | None) -> list[tuple[int, Any]]:
    """Sorted ... the corporate body first, codes with numbers in number order."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|\D+", code or "")]


def holds(row: Row, begins: str, ends: str, day: date) -> bool:
    """A day "to" or "until" is the first day on which it no longer holds."""
    return (row[begins] is None or row[begins] <= day) and (row[ends] is None or day < row[ends])


def profile_on(programme: Programme, day: date, code: str | None = None) -> Profile:
    """A measure as of a day uses the version in force on that day (the first version is in force since ever).

    A certificate's own profile overrides the tenant's for its coverage, visits and renewal.
    """
    for own, versions in programme.profiles.items():
        names = {own.lower()} | ({version.name.lower() for version in versions} if code else set())
        if (code or "").lower() in names:
            oldest_first = sorted(versions, key=lambda version: version.in_force_from or date.min)
            found = oldest_first[0]
            for version in oldest_first[1:]:
                if version.in_force_from is not None and version.in_force_from <= day:
                    found = version
            return found
    raise LookupError(code)


def active_departments(programme: Programme, day: date) -> list[str | None]:
    """Every department active on the day, and the corporate body."""
    rows = [row for row in programme.departments.to_dicts() if holds(row, "active_from", "active_to", day)]
    return [None, *sorted((row["department_code"] for row in rows), key=number_order)]


def with_all_below(programme: Programme, holder: str | None) -> set[str | None]:
    """The holder and every department below it, active or not; departments form a tree, its root the tenant."""
    found = {holder}
    for _ in range(programme.departments.height):
        for row in programme.departments.to_dicts():
            if row["parent_code"] in found:
                found.add(row["department_code"])
    return found


def belongs_to(site: Row) -> list[str | None]:
    """The departments of the site's register row; of the corporate body where it names none."""
    return site["department_codes"] or [None]


def results_with_restated(programme: Programme) -> list[Row]:
    """Marked so by the sender; or lying outside the `scope` of every held assessment of its department, type and day.

    "where held assessments naming the same department (none counts as the same as none), type and last day exist,
    lying outside the `scope` of every one of them (one without a scope restates nothing)"
    """
    rows = []
    for result in programme.results.to_dicts():
        same = [
            assessment
            for assessment in programme.assessments.to_dicts()
            if not assessment["planned"]
            and assessment["department_code"] == result["department_code"]
            and assessment["assessment_type"] == result["assessment_type"]
            and assessment["ended_on"] == result["assessed_on"]
        ]
        outside = [a for a in same if a["scope"] is not None and result["element"] not in a["scope"]]
        restated = result["restated"] or (len(same) > 0 and len(outside) == len(same))
        rows.append(result | {"restated": restated})
    return rows


# 2. Standing


def in_time(result: Row) -> tuple[date, int]:
    """Two on the same day: the later type in the order above."""
    return result["assessed_on"], TYPES.index(result["assessment_type"])


def rolled_up(bands: list[str], minor_share: float) -> str:
    """All plus → plus; all compliant or better → compliant; otherwise by the share that is compliant or better.

    "Leaving `not_applicable` out (all `not_applicable` → `not_applicable`) ... otherwise let s be the share that is
    compliant or better: s ≥ `minor_share` → `partial`; else, if more than half of the others are `non_compliant` →
    `non_compliant`; else `partial`."
    """
    judged = [band for band in bands if band != "not_applicable"]
    others = [band for band in judged if band not in SOUND]
    if not judged:
        return "not_applicable"
    if all(band == "compliance_plus" for band in judged):
        return "compliance_plus"
    if not others:
        return "compliant"
    if Fraction(len(judged) - len(others), len(judged)) >= Fraction(str(minor_share)):
        return "partial"
    return "non_compliant" if 2 * others.count("non_compliant") > len(others) else "partial"


def site_result(results: list[Row], site: Row, department: str | None) -> Row | None:
    """The latest result of a site for a department.

    "a site result naming no department counts for each department the site belongs to; on one day and type the one
    that names the department wins"
    """
    own = [
        result
        for result in results
        if result["site_code"] == site["site_code"] and result["department_code"] in (None, department)
    ]
    return max(own, key=lambda result: (*in_time(result), result["department_code"] == department), default=None)


def standing_of(
    programme: Programme, results: list[Row], day: date, department: str | None, element: str
) -> Row | None:
    """The band of the latest own result, else what follows from what lies directly below it.

    `results` are of one basis, not restated, on or before the day.
    "the latest formal result of each of its sites in scope on the day ..., and the standing of each of its
    sub-departments active on the day, found the same way (what lies below a closed department does not reach higher)"
    "`carried_forward`: the department has an own result of the same basis, not restated, for any element, on a later
    day (and on or before the day asked)."
    "`previous_band`: the band of the own result next before it in the same order, equal or not."
    "`worse_below`: something directly below (a site's latest result; a sub-department's standing with its day), with
    a strictly later day, is worse; `not_applicable` is neither better nor worse."
    "A rolled-up band carries the newest day among what it was made from (directly below, `not_applicable` included)"
    """
    of_element = [result for result in results if result["element"] == element]
    directly_below: list[Row] = []
    for site in programme.sites.to_dicts():
        if department in belongs_to(site) and holds(site, "in_scope_from", "in_scope_to", day):
            found = site_result(of_element, site, department)
            if found is not None:
                directly_below.append(found)
    for sub in programme.departments.to_dicts():
        if sub["parent_code"] == department and holds(sub, "active_from", "active_to", day):
            found = standing_of(programme, results, day, sub["department_code"], element)
            if found is not None:
                directly_below.append(found)

    all_own = [result for result in results if result["site_code"] is None and result["department_code"] == department]
    own = sorted((result for result in all_own if result["element"] == element), key=in_time)
    if not own:
        if not directly_below:
            return None
        bands = [row["band"] for row in directly_below]
        mix = {f"below_{band}": bands.count(band) for band in (*BEST_FIRST, "not_applicable")}
        return {
            "department_code": department,
            "element": element,
            "band": rolled_up(bands, profile_on(programme, day).minor_share),
            "assessed_on": max(row["assessed_on"] for row in directly_below),
            "assessment_type": None,
            "carried_forward": None,
            "previous_band": None,
            "rolled_up": True,
            "worse_below": False,
            **mix,
        }
    latest = own[-1]
    worse = [
        row
        for row in directly_below
        if row["assessed_on"] > latest["assessed_on"]
        and "not_applicable" not in (row["band"], latest["band"])
        and BEST_FIRST.index(row["band"]) > BEST_FIRST.index(latest["band"])
    ]
    return {
        "department_code": department,
        "element": element,
        "band": latest["band"],
        "assessed_on": latest["assessed_on"],
        "assessment_type": latest["assessment_type"],
        "carried_forward": any(result["assessed_on"] > latest["assessed_on"] for result in all_own),
        "previous_band": own[-2]["band"] if len(own) > 1 else None,
        "rolled_up": False,
        "worse_below": bool(worse),
        **{f"below_{band}": None for band in (*BEST_FIRST, "not_applicable")},
    }


def standing(programme: Programme, day: date, basis: str = "formal") -> list[Row]:
    """The band of its latest own formal result (naming no site, not restated) on or before that day, or rolled up.

    "`basis = self` answers the same from `self_assessment`, `basis = desk` from `desk_review` results."
    "One object for every department active on the day, and the corporate body, and element that has a band; nothing
    for the not assessed."
    """
    results = [
        result
        for result in results_with_restated(programme)
        if result["assessment_type"] in OF_BASIS[basis] and not result["restated"] and result["assessed_on"] <= day
    ]
    rows = []
    for department in active_departments(programme, day):
        for element in sorted(programme.standard.codes, key=number_order):
            row = standing_of(programme, results, day, department, element)
            if row is not None:
                rows.append(row)
    return rows


# 3. Headroom


def headroom(programme: Programme, day: date, basis: str = "formal") -> list[Row]:
    """For every department active on the day, and the corporate body, also where nothing was assessed, per criterion.

    "`headroom = allowance - partial` (negative when exceeded); `indicative` when any of its bands is rolled up."
    "the first that holds: `fails` (any non-compliant, or headroom < 0) · `at_limit` (headroom = 0) · `incomplete`
    (any not assessed) · `passes`."
    "Compliance share = (plus + compliant) / (assessed - not applicable) ...; empty where nothing was assessed."
    """
    allowances = profile_on(programme, day).allowances
    standings = standing(programme, day, basis)
    rows = []
    for department in active_departments(programme, day):
        for criterion in sorted(programme.standard.criteria, key=lambda criterion: number_order(criterion.code)):
            own = [
                row
                for row in standings
                if row["department_code"] == department and row["element"] in criterion.elements
            ]
            bands = [row["band"] for row in own]
            left = allowances[criterion.code] - bands.count("partial")
            not_assessed = len(criterion.elements) - len(bands)
            if "non_compliant" in bands or left < 0:
                status = "fails"
            elif left == 0:
                status = "at_limit"
            elif not_assessed > 0:
                status = "incomplete"
            else:
                status = "passes"
            judged = len(bands) - bands.count("not_applicable")
            rows.append(
                {
                    "department_code": department,
                    "criterion": criterion.code,
                    "elements": len(criterion.elements),
                    "compliance_plus": bands.count("compliance_plus"),
                    "compliant": bands.count("compliant"),
                    "partial": bands.count("partial"),
                    "non_compliant": bands.count("non_compliant"),
                    "not_applicable": bands.count("not_applicable"),
                    "not_assessed": not_assessed,
                    "allowance": allowances[criterion.code],
                    "headroom": left,
                    "indicative": any(row["rolled_up"] for row in own),
                    "status": status,
                    "compliance_share": sum(band in SOUND for band in bands) / judged if judged else None,
                }
            )
    return rows


def department_statuses(headroom_rows: list[Row]) -> list[Row]:
    """Status of a department: its worst criterion in that order.

    The criterion named is the tightest (ours): of the worst status the one with the least headroom, the first of them.
    """
    rows = []
    for department in dict.fromkeys(row["department_code"] for row in headroom_rows):
        own = [row for row in headroom_rows if row["department_code"] == department]
        tightest = min(own, key=lambda row: (WORST_FIRST.index(row["status"]), row["headroom"]))
        rows.append(
            {
                "department_code": department,
                "status": tightest["status"],
                "criterion": tightest["criterion"],
                "indicative": any(row["indicative"] for row in own),
            }
        )
    return rows


# 4. Coverage


def chosen_certificates(programme: Programme, day: date) -> list[Row]:
    """One certificate per holder: the last with awarded_on on or before the day (tie: highest code)."""
    awarded = [row for row in programme.certificates.to_dicts() if row["awarded_on"] <= day]
    chosen = [
        max(
            (row for row in awarded if row["department_code"] == holder),
            key=lambda row: (row["awarded_on"], number_order(row["certificate_code"])),
        )
        for holder in {row["department_code"] for row in awarded}
    ]
    return sorted(chosen, key=lambda row: number_order(row["certificate_code"]))


def counts_in_cycle(certificate: Row, a_day: date) -> bool:
    """`[awarded_on, expires_on)`. `ended_on` cuts what counts (results, assessments, visits), not the years."""
    return certificate["awarded_on"] <= a_day < certificate["expires_on"] and (
        certificate["ended_on"] is None or a_day < certificate["ended_on"]
    )


def years_later(day: date, years: int) -> date:
    """29 February + 1 year is 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def years_of(certificate: Row, cycle_years: int) -> list[tuple[date, date]]:
    """Year k begins k-1 years after `awarded_on` and ends where the next begins; the last ends at `expires_on`.

    "years that would begin on or after it do not exist"
    """
    begins = [years_later(certificate["awarded_on"], k) for k in range(cycle_years)]
    begins = [day for day in begins if day < certificate["expires_on"]]
    return list(zip(begins, [*begins[1:], certificate["expires_on"]], strict=False))


def counting(programme: Programme, certificate: Row, profile: Profile, day: date) -> set[tuple[str, date]]:
    """The elements and days on which they were looked at, for one certificate.

    "when a formal, not restated result of it (any band, `not_applicable` included) of the holder, a department below
    it (active on the day or not) or one of their sites (whatever their scope; by the departments of the site's
    register row, whatever department the result names) has its day inside the cycle and on or before the day asked,
    or when it lies in the `scope` of such a held formal assessment, with or without a band."
    "`initial` and `renewal` in the first `opening_days` days of the cycle opened it and do not count ...; a profile
    may set `opening_assessment_counts = true`"
    """

    def counts(assessment_type: str, a_day: date) -> bool:
        opened = (
            assessment_type in ("initial", "renewal")
            and (a_day - certificate["awarded_on"]).days < profile.opening_days
            and not profile.opening_assessment_counts
        )
        return assessment_type in FORMAL and counts_in_cycle(certificate, a_day) and a_day <= day and not opened

    departments = with_all_below(programme, certificate["department_code"])
    sites = [row["site_code"] for row in programme.sites.to_dicts() if departments & set(belongs_to(row))]
    found = set()
    for result in results_with_restated(programme):
        if result["site_code"] is None:
            theirs = result["department_code"] in departments
        else:
            theirs = result["site_code"] in sites
        if theirs and not result["restated"] and counts(result["assessment_type"], result["assessed_on"]):
            found.add((result["element"], result["assessed_on"]))
    for assessment in programme.assessments.to_dicts():
        if (
            assessment["department_code"] in departments
            and not assessment["planned"]
            and counts(assessment["assessment_type"], assessment["ended_on"])
        ):
            found |= {(element, assessment["ended_on"]) for element in assessment["scope"] or ()}
    return found


def settled(years: list[tuple[date, date]], days: set[date], grace: int) -> list[set[date]]:
    """The assessment days that belong to each year.

    "Years are settled in order, among the assessment days: if none lies in a year (the last excepted), the earliest
    day x with end ≤ x < end + `review_grace_days` moves to it with all its results."
    """
    belonging = [{day for day in days if begins <= day < ends} for begins, ends in years]
    for k, (_, end) in enumerate(years[:-1]):
        later = sorted(day for after in belonging[k + 1 :] for day in after)
        late = [day for day in later if end <= day < end + timedelta(days=grace)]
        if not belonging[k] and late:
            for after in belonging[k + 1 :]:
                after.discard(late[0])
            belonging[k].add(late[0])
    return belonging


def year_states(years: list[tuple[date, date]], belonging: list[set[date]], grace: int, day: date) -> list[str]:
    """Over, running or to come.

    "A year is over once its end is reached and it has an assessment day, or the day is end + `review_grace_days` or
    later, or it is the last; it is running from its beginning until it is over."
    """
    states = []
    for k, (begins, end) in enumerate(years):
        last = k == len(years) - 1
        if day >= end and (belonging[k] or day >= end + timedelta(days=grace) or last):
            states.append("over")
        elif day >= begins:
            states.append("running")
        else:
            states.append("to_come")
    return states


def cycle_years(programme: Programme, day: date, of: list[Row] | None = None) -> list[Row]:
    """The years of each certificate, settled; they stay running, over or missed as if it had not ended."""
    rows = []
    for certificate in of or chosen_certificates(programme, day):
        profile = profile_on(programme, day, certificate["profile"])
        years = years_of(certificate, profile.cycle_years)
        days = {a_day for _, a_day in counting(programme, certificate, profile, day)}
        belonging = settled(years, days, profile.review_grace_days)
        states = year_states(years, belonging, profile.review_grace_days, day)
        for k, (begins, ends) in enumerate(years):
            rows.append(
                {
                    "certificate_code": certificate["certificate_code"],
                    "department_code": certificate["department_code"],
                    "year": k + 1,
                    "begins_on": begins,
                    "ends_on": ends,
                    "state": states[k],
                    "assessment_days": sorted(belonging[k]),
                }
            )
    return rows


def coverage(programme: Programme, day: date, of: list[Row] | None = None) -> list[Row]:
    """Per holder, for one certificate, which elements were looked at in this cycle.

    "the first that holds: `covered` (a counting result belonging to that year) · `satisfied` (rolling, covered in
    another year) · `planned` (in the scope of a planned formal assessment of the holder or a department below it
    whose last day is in that year, not moved, and on or after the day asked) · `missed` (annual and the year is over;
    rolling, last year, over) · `due` (annual and running; rolling, last year, running) · `open` (nothing owed)"
    "Outstanding: rolling and not covered; annual and a running year lacks it."
    "Where the profile has no key `annual_elements`, coverage is computed without one ...; an empty list means that
    there are none."
    """
    rows = []
    for certificate in of or chosen_certificates(programme, day):
        profile = profile_on(programme, day, certificate["profile"])
        departments = with_all_below(programme, certificate["department_code"])
        years = years_of(certificate, profile.cycle_years)
        looked_at = counting(programme, certificate, profile, day)
        belonging = settled(years, {a_day for _, a_day in looked_at}, profile.review_grace_days)
        states = year_states(years, belonging, profile.review_grace_days, day)
        planned = [
            assessment
            for assessment in programme.assessments.to_dicts()
            if assessment["planned"]
            and assessment["assessment_type"] in FORMAL
            and assessment["department_code"] in departments
            and assessment["ended_on"] >= day
            and counts_in_cycle(certificate, assessment["ended_on"])
        ]
        for element in sorted(programme.standard.codes, key=number_order):
            annual = element in (profile.annual_elements or ())
            days = {a_day for code, a_day in looked_at if code == element}
            covered_in = [bool(days & those) for those in belonging]
            of_years = []
            for k, (begins, ends) in enumerate(years):
                owed = annual or k == len(years) - 1
                if covered_in[k]:
                    of_years.append("covered")
                elif not annual and days:
                    of_years.append("satisfied")
                elif any(begins <= a["ended_on"] < ends and element in (a["scope"] or ()) for a in planned):
                    of_years.append("planned")
                elif owed and states[k] == "over":
                    of_years.append("missed")
                elif owed and states[k] == "running":
                    of_years.append("due")
                else:
                    of_years.append("open")
            lacking = [k for k in range(len(years)) if states[k] == "running" and not covered_in[k]]
            rows.append(
                {
                    "certificate_code": certificate["certificate_code"],
                    "element": element,
                    "kind": "annual" if annual else "rolling",
                    "covered": bool(days),
                    "last_covered_on": max(days, default=None),
                    "years": of_years,
                    "outstanding": bool(lacking) if annual else not days,
                    "department_code": certificate["department_code"],
                    "criterion": programme.standard.element[element].criterion,
                }
            )
    return rows


def completion(programme: Programme, day: date) -> list[Row]:
    """Coverage share = covered / elements."""
    rows = []
    every = coverage(programme, day)
    for certificate in chosen_certificates(programme, day):
        own = [row for row in every if row["certificate_code"] == certificate["certificate_code"]]
        covered = sum(row["covered"] for row in own)
        rows.append(
            {
                "certificate_code": certificate["certificate_code"],
                "department_code": certificate["department_code"],
                "elements": len(own),
                "covered": covered,
                "share": covered / len(own),
                "outstanding": sum(row["outstanding"] for row in own),
                "annual_list_set": profile_on(programme, day, certificate["profile"]).annual_elements is not None,
            }
        )
    return rows


# 5. Sites still to visit


def sites(programme: Programme, day: date, of: list[Row] | None = None) -> list[Row]:
    """The sites of its holder and of every department below it, active or not, whatever their scope.

    "A visit counts when it was held (not `planned`), on-site (remote and self-assessed ones are listed; a profile may
    set `remote_visits_count`), inside the cycle, on or before the day, made while the site was in scope, and not part
    of a gap analysis, desk review or self-assessment."
    """
    types = {row["assessment_code"]: row["assessment_type"] for row in programme.assessments.to_dicts()}
    rows = []
    for certificate in of or chosen_certificates(programme, day):
        profile = profile_on(programme, day, certificate["profile"])
        departments = with_all_below(programme, certificate["department_code"])
        modes = ("on_site", "remote") if profile.remote_visits_count else ("on_site",)
        for site in sorted(programme.sites.to_dicts(), key=lambda row: number_order(row["site_code"])):
            if not departments & set(belongs_to(site)):
                continue
            visited = [
                visit["visited_on"]
                for visit in programme.visits.to_dicts()
                if visit["site_code"] == site["site_code"]
                and not visit["planned"]
                and visit["mode"] in modes
                and counts_in_cycle(certificate, visit["visited_on"])
                and visit["visited_on"] <= day
                and holds(site, "in_scope_from", "in_scope_to", visit["visited_on"])
                and types.get(visit["assessment_code"]) not in ("gap_analysis", "desk_review", "self_assessment")
            ]
            rows.append(
                {
                    "certificate_code": certificate["certificate_code"],
                    "site_code": site["site_code"],
                    "in_scope": holds(site, "in_scope_from", "in_scope_to", day),
                    "must_visit": site["must_visit"],
                    "visited": bool(visited),
                    "last_visited_on": max(visited, default=None),
                    "department_code": certificate["department_code"],
                    "central_function": site["central_function"],
                }
            )
    return rows


def smallest_root(tenths: int, count: int) -> int:
    """The smallest whole number that is not below tenths/10 of the square root of count."""
    n = 0
    while 100 * n * n < tenths * tenths * count:
        n += 1
    return n


def visits(programme: Programme, day: date, of: list[Row] | None = None) -> list[Row]:
    """Per certificate, the sites still to visit.

    "sites in scope on the day; `sites_required`; visited (sites with a counting visit, also those no longer in
    scope); `outstanding = max(0, required - visited)`, empty where no number is stated; must-visit sites in scope and
    not visited; days to `expires_on` (negative once past)."
    "initial ceil(√x), surveillance ceil(0.6 √x), recertification ceil(0.8 √x) ..., x without the central function"
    """
    every = sites(programme, day, of)
    rows = []
    for certificate in of or chosen_certificates(programme, day):
        own = [row for row in every if row["certificate_code"] == certificate["certificate_code"]]
        visited = sum(row["visited"] for row in own)
        required = certificate["sites_required"]
        x = sum(row["in_scope"] and not row["central_function"] for row in own)
        rows.append(
            {
                "certificate_code": certificate["certificate_code"],
                "department_code": certificate["department_code"],
                "sites_in_scope": sum(row["in_scope"] for row in own),
                "sites_required": required,
                "visited": visited,
                "outstanding": None if required is None else max(0, required - visited),
                "must_visit_outstanding": sum(
                    row["in_scope"] and row["must_visit"] and not row["visited"] for row in own
                ),
                "days_to_expiry": (certificate["expires_on"] - day).days,
                "benchmark": {
                    "initial": smallest_root(10, x),
                    "surveillance": smallest_root(6, x),
                    "recertification": smallest_root(8, x),
                },
            }
        )
    return rows
