"""What the demo's senders sent, and when: the story of a tenant as batches of files, each as known on its day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from etl.demo import flaws, proof
from etl.demo.bands import NONE, Result
from etl.demo.files import Sheet, Style, write
from etl.demo.story import Story, assessments, awards, corrected, departments, site_visits, sites, story
from scheme.standard import shipped

Row = dict[str, Any]


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
