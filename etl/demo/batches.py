"""What the demo's senders sent, and when: the story of a tenant as batches of rows, each as known on its day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from etl.demo import flaws, proof
from etl.demo.bands import NONE, Result, results
from etl.demo.cast import Cast, cast, chance
from etl.demo.files import Sheet, Style, write
from etl.demo.reviews import Certificate, Review, Visit, certificates, reviews, visits
from scheme.standard import shipped

Row = dict[str, Any]
ONE_DAY = timedelta(1)
CONTACTS = ("customer", "quality", "service")


@dataclass(frozen=True)
class Batch:
    """What was sent up to so many days ago. `senders`: each directorate sends its own results, in its own way."""

    folder: str
    until_days: int
    results: Literal["wide", "long", "senders", "correction"]
    style: Style
    suffix: str = ".csv"


BATCHES: dict[str, tuple[Batch, ...]] = {
    "ASHCOMBE": (
        Batch("01-first-cycle", 2190, "wide", Style("letters", "slashes", "cp1252", ";"), ".xlsx"),
        Batch("02-second-cycle", 1095, "wide", Style("long", "long", "utf-16", "\t", "loud")),
        Batch("03-third-cycle", 365, "long", Style("met", "iso", "utf-8-sig")),
        Batch("04-last-year", 90, "senders", Style("codes", "iso", headings="ours")),
        Batch("05-correction", 75, "correction", Style("long", "long")),
        Batch("06-this-quarter", 0, "senders", Style("codes", "iso", headings="ours")),
    ),
    "MILLBROOK": (
        Batch("01-history", 800, "wide", Style("letters", "slashes"), ".xlsx"),
        Batch("02-last-year", 120, "long", Style("long", "short", "cp1252", ";")),
        Batch("03-this-quarter", 0, "long", Style("met", "long", "utf-8-sig", headings="loud"), ".xlsx"),
    ),
}
# How each directorate keeps its results: the ending of its file, and its habits.
SENDERS: dict[str, tuple[str, Style]] = {
    "COMMUNITIES": (".xlsx", Style("long", "slashes")),
    "ADULTS": (".csv", Style("met", "slashes", "cp1252", ";", "loud")),
    "CHILDREN": (".ndjson", Style("codes", "iso", headings="ours")),
    "PLACE": (".ods", Style("spelt", "long")),
    "RESOURCES": (".csv", Style("letters", "short", "utf-16", "\t")),
    "HEALTH": (".csv", Style("long", "long", "utf-8-sig", headings="ours")),
}


@dataclass(frozen=True)
class Story:
    """All that ever happened at a tenant, as it will have been told in the end."""

    cast: Cast
    seed: int
    today: date
    certificates: Sequence[Certificate]
    reviews: Sequence[Review]
    visits: Sequence[Visit]
    results: Sequence[Result]
    actions: Sequence[proof.Action]
    looks: Any


def story(tenant: str, seed: int, today: date) -> Story:
    """The story of a tenant; the same tenant, seed and day give the same one."""
    standard, who = shipped("cse"), cast(tenant)
    seen = reviews(who, seed, today, standard)
    sites = visits(who, seen, seed, today)
    bands, looks = results(who, seen, sites, seed, standard)
    return Story(
        who,
        seed,
        today,
        certificates(who, today),
        seen,
        sites,
        bands,
        proof.actions(who, looks, seen, seed, today),
        looks,
    )


def _ago(story: Story, days: int | None) -> date | None:
    return None if days is None else story.today - timedelta(days)


def _known(day: date | None, at: date) -> bool:
    return day is None or day <= at


def departments(story: Story, at: date) -> Iterator[Row]:
    """The register of departments as it was kept on a day."""
    for department in story.cast.departments:
        opened, closed = _ago(story, department.opened_days), _ago(story, department.closed_days)
        if _known(opened, at):
            moved = _known(_ago(story, department.moved_days), at)
            by = chance(story.cast.code, department.code)
            yield {
                "department_code": department.code,
                "department_name": department.name,
                "parent_code": department.parent if moved or not department.moved_from else department.moved_from,
                "active_from": opened,
                "active_to": closed if closed and closed <= at else None,
                "contact": f"{by.choice(CONTACTS)}.{department.code.lower()}@{story.cast.mail}",
            }


def sites(story: Story, at: date) -> Iterator[Row]:
    """The register of sites as it was kept on a day."""
    open_then = {row["department_code"] for row in departments(story, at) if row["active_to"] is None}
    for site in story.cast.sites:
        opened, closed = _ago(story, site.opened_days), _ago(story, site.closed_days)
        if _known(opened, at):
            yield {
                "site_code": site.code,
                "site_name": site.name,
                "department_code": tuple(code for code in site.departments if code in open_then),
                "in_scope_from": opened,
                "in_scope_to": closed if closed and closed <= at else None,
                "must_visit": site.must_visit,
                "central_function": site.central,
                "address": site.address,
                "latitude": site.latitude,
                "longitude": site.longitude,
            }


def awards(story: Story, at: date, last_day: bool) -> Iterator[Row]:
    """Every certificate awarded up to a day; `last_day` states the last day of validity, not the first without."""
    for award in story.certificates:
        if award.awarded_on <= at:
            ended = award.ended_on if award.ended_on and award.ended_on <= at else None
            valid = {"valid_until": award.expires_on - ONE_DAY} if last_day else {"expires_on": award.expires_on}
            yield {
                "certificate_code": award.code,
                "department_code": award.department,
                "awarded_on": award.awarded_on,
                **valid,
                "ended_on": ended,
                "sites_required": award.sites_required,
                "certification_body": story.cast.body,
            }


def assessments(story: Story, since: date, at: date) -> Iterator[Row]:
    """The assessments held in a time, and those booked for the year after it."""
    booked = timedelta(500 if at == story.today else 330)
    for review in story.reviews:
        planned = review.day > at
        if not since < review.day <= at + (booked if review.formal else timedelta(0)):
            continue
        by = chance(review.code, "papers")
        told, late = review.formal and not planned, timedelta(by.randint(9, 20))
        sent = review.day - timedelta(by.randint(24, 38))
        feedback = review.day + late if told and review.day + late <= at else None
        decided = feedback + late if feedback and feedback + late <= at else None
        verdict = f"Reassess {', '.join(review.failing)}" if review.failing else "Award or keep the certificate"
        yield {
            "assessment_code": review.code,
            "department_code": review.department,
            "assessment_type": review.kind,
            "started_on": review.day - ONE_DAY * (review.day.weekday() > 0 and review.formal),
            "ended_on": review.day,
            "assessor": review.assessor,
            "planned": planned,
            "scope": review.scope,
            "submitted_on": sent if told or (review.submitted and planned and sent <= at) else None,
            "feedback_on": feedback,
            "recommendation": verdict if feedback else None,
            "verified_on": decided,
            "decision": "Confirmed" if decided else None,
        }


def site_visits(story: Story, since: date, at: date) -> Iterator[Row]:
    """The visits made in a time, and those planned for the half year after it."""
    for visit in story.visits:
        if since < visit.day <= at + timedelta(180):
            yield {
                "site_code": visit.site,
                "visited_on": visit.day,
                "mode": visit.mode if visit.day <= at else "on_site",
                "assessment_code": visit.review,
                "planned": visit.day > at,
            }


def _long(result: Result) -> Row:
    return {
        "department_code": result.department,
        "site_code": result.site,
        "assessment_type": result.kind,
        "assessed_on": result.day,
        "element": result.element,
        "band": result.band,
        "restated": True if result.restated else None,
        "reason": result.reason,
        "assessment_code": result.review,
        "assessor": result.assessor,
        "comment": result.comment,
    }


def wide(results: Iterable[Result]) -> list[Row]:
    """One row per department, site and assessment, one column per element."""
    rows: dict[tuple[str, str, str, date], Row] = {}
    for result in results:
        key = (result.department, result.site, result.kind, result.day)
        if key not in rows:
            rows[key] = {
                "department_code": result.department,
                "site_code": result.site,
                "assessment_type": result.kind,
                "assessed_on": result.day,
                "assessor": result.assessor,
            }
        rows[key][result.element] = result.band
    head = dict.fromkeys(("department_code", "site_code", "assessment_type", "assessed_on", "assessor"))
    elements = dict.fromkeys(shipped("cse").codes)
    return [{**head, **elements, **row} for row in rows.values()]


def _mistyped(story: Story, told: Iterable[Result]) -> Iterator[Result]:
    # As first sent: a slip of the keyboard, put right in the batch called correction.
    for result in told:
        department = story.cast.everyone[result.department]
        slip = result.element == department.mistyped and result == corrected(story, result.department)
        yield replace(result, band=NONE, comment="See the report, page 12.") if slip else result


def corrected(story: Story, department: str) -> Result | None:
    """The result that was first mistyped: the department's latest formal one of that element."""
    element = story.cast.everyone[department].mistyped
    own = [r for r in story.results if r.department == department and r.element == element and not r.site]
    return next((r for r in reversed(own) if not r.restated and r.kind in ("annual_review", "renewal")), None)


def _results(folder: Path, number: int, batch: Batch, story: Story, told: Sequence[Result]) -> None:
    own = [result for result in told if result.kind == "self_assessment"]
    others = [result for result in told if result.kind != "self_assessment"]
    if own:
        title = f"Self-assessments of departments, {story.cast.name}"
        sheet = Sheet("Self-assessments", wide(own), (title, "CP, C, PC and NC as agreed"))
        write(folder / f"self-assessments-{number:02}.xlsx", [sheet], Style("letters"))
    if batch.results == "wide":
        title = f"Results by department, {story.cast.name}"
        sheet = Sheet("Results", wide(others), (title,) if batch.suffix == ".xlsx" else ())
        write(folder / f"results-{number:02}{batch.suffix}", [sheet], batch.style)
    elif batch.results == "long":
        write(folder / f"results-{number:02}{batch.suffix}", [Sheet("Results", list(map(_long, others)))], batch.style)
    else:
        sent: dict[str, list[Row]] = defaultdict(list)
        for result in others:
            sent[[*story.cast.above(result.department)][-1]].append(_long(result))
        for sender, (suffix, style) in SENDERS.items():
            rows = sent[sender]
            if batch.until_days == 0:
                rows = [*rows, *flaws.rows(sender, story.today)]
            if rows:
                write(folder / f"{sender.lower()}-{number:02}{suffix}", [Sheet("Results", rows)], style)


def _surroundings(folder: Path, number: int, style: Style, story: Story, at: date) -> None:
    silent = {
        code for code, d in story.cast.everyone.items() if d.silent_days and at > story.today - timedelta(d.silent_days)
    }
    actions = [a.row(at) for a in story.actions if a.raised_on <= at and a.department not in silent]
    write(folder / f"actions-{number:02}.csv", [Sheet("Actions", actions)], style)
    standards = list(proof.service_standards(story.cast, story.looks, story.seed, at, 4))
    groups = list(proof.customer_groups(story.cast, story.looks, story.seed, story.today))
    evidence = list(proof.evidence(story.cast, story.looks, story.seed, story.today))
    write(folder / f"service-standards-{number:02}.csv", [Sheet("Standards", standards)], Style(days="long"))
    book = [Sheet("Evidence", evidence, ("Evidence of all departments",)), Sheet("Customer groups", groups)]
    if at == story.today:
        write(folder / f"evidence-{number:02}.xlsx", book)


def write_files(folder: Path, tenant: str, seed: int, today: date) -> list[tuple[Path, date]]:
    """Write a tenant's files below the folder, a folder for each batch; gives these with the day each was sent.

    The same tenant, seed and day give the same bytes.
    """
    told = story(tenant, seed, today)
    since, given = date.min, []
    for number, batch in enumerate(BATCHES[tenant], 1):
        at = today - timedelta(batch.until_days)
        here = folder / batch.folder
        here.mkdir(parents=True, exist_ok=True)
        given.append((here, at))
        if batch.results == "correction":
            flaws.write_correction(here, [_long(r) for code in told.cast.everyone if (r := corrected(told, code))])
            continue
        style = replace(batch.style, words="codes")
        sheets = list(sites(told, at))
        write(here / "departments.csv", [Sheet("Departments", list(departments(told, at)))], style)
        write(here / "sites.xlsx", [Sheet("Sites", sheets, (f"Sites of {told.cast.name}",))], Style())
        write(here / "certificates.csv", [Sheet("Certificates", list(awards(told, at, number == 1)))], style)
        write(here / f"assessments-{number:02}.csv", [Sheet("Assessments", list(assessments(told, since, at)))], style)
        write(here / f"visits-{number:02}.csv", [Sheet("Visits", list(site_visits(told, since, at)))], style)
        told_now = [result for result in told.results if since < result.day <= at]
        _results(here, number, batch, told, list(_mistyped(told, told_now)) if batch.until_days else told_now)
        if batch.results != "wide":
            _surroundings(here, number, style, told, at)
        if at == today:
            flaws.write_files(here, tenant, today)
        since = at
    return given
