"""The rows behind each check of a renewal, with the ways to where they are mended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, table
from dashboard.filters import Filters
from dashboard.pages.certificates import Names
from dashboard.table import Column, Row
from dashboard.words import STATUS, count, day, listing
from scheme.gate_evidence import Evidence

TITLES = {
    "reports": "Reports of the years",
    "elements": "Elements looked at",
    "sites": "Sites visited",
    "pass_mark": "Pass mark",
    "trend": "Trend",
}
YEAR = {"over": "over", "running": "running", "to_come": "to come"}
_BANDS = {
    "compliance_plus": "compliance plus",
    "compliant": "compliant",
    "partial": "partial",
    "non_compliant": "non-compliant",
    "not_applicable": "not applicable",
}
_FEW = 8  # rows that are shown at once; more wait behind a line one can open
Shown = tuple[str, str, int, Sequence[tuple[str, str]]]  # table, summary, rows, ways to mend: words and address


@dataclass(frozen=True)
class _Behind:
    """A check's row of scheme.renewal.RENEWAL, what it was judged by today and at expiry, and what the reader asked."""

    row: Mapping[str, Any]
    now: Evidence
    later: Evidence
    names: Names
    asked: Filters


def check(
    name: str, row: Mapping[str, Any], evidence: tuple[Evidence, Evidence], names: Names, asked: Filters
) -> list[Component]:
    """The table behind a check and where it is mended; `row` is the check's of scheme.renewal.RENEWAL."""
    body, summary, number, ways = _BEHIND[name](_Behind(row, *evidence, names, asked))
    shown: list[Component] = []
    if number:
        is_open = number <= _FEW and (row["outcome"] != "pass" or row["outcome_at_expiry"] != "pass")
        behind = components.table(f"renewal-{name}", body)
        shown.append(html.Details([html.Summary(summary), behind], className="details", open=is_open))
    links: list[Any] = []
    for words, href in ways:
        links += [" · " if links else "Go to: ", html.A(words, href=href)]
    return [*shown, html.P(links)]


def _reports(of: _Behind) -> Shown:
    columns = [
        Column("year", "Year"),
        Column("begins", "From", "day"),
        Column("ends", "Until", "day", "The first day on which it no longer runs"),
        Column("state", "State"),
        Column("days", "Assessment days"),
        Column("later", "At expiry", title="Assessment days with what is planned"),
    ]
    then = dict(of.later.years.select("year", "assessment_days").iter_rows())
    rows = [
        Row(
            str(one["year"]),
            [
                f"Year {one['year']}",
                one["begins_on"],
                one["ends_on"],
                YEAR[one["state"]],
                _days(one["assessment_days"]),
                _days(then[one["year"]]) if one["year"] in then else "no such year",
            ],
        )
        for one in of.now.years.iter_rows(named=True)
    ]
    ways = [("the years in Coverage", of.asked.href("coverage", certificate=of.row["certificate_code"]))]
    body = table.table_json("Years of the cycle", columns, rows, find=False)
    return body, f"The {count(len(rows), 'year')} of the cycle", len(rows), ways


def _days(days: Sequence[Any]) -> str:
    return listing([day(on) for on in days], 4) or "none"


def _elements(of: _Behind) -> Shown:
    missed = (pl.col("kind") == "annual") & pl.col("years").list.contains("missed")
    then = of.later.elements.select("element", later=pl.col("outstanding"), lost=missed)
    wanted = of.now.elements.with_columns(missed=missed).join(then, on="element", maintain_order="left")
    wanted = wanted.filter(pl.col("outstanding") | pl.col("later") | pl.col("missed") | pl.col("lost"))
    columns = [
        Column("element", "Element"),
        Column("today", "Today", "state"),
        Column("later", "At expiry", "state", "With what is planned"),
        Column("kind", "Due", title="Every year, or once in the cycle"),
        Column("last", "Last looked at", "day", "The last counting day of this cycle"),
    ]
    code, holder = of.row["certificate_code"], of.row["department_code"] or ""
    rows = [
        Row(
            one["element"],
            [
                table.text(
                    one["element"], None, of.asked.href("coverage", certificate=code, cell=f"{holder}~{one['element']}")
                ),
                _state(one["outstanding"], one["missed"]),
                _state(one["later"], one["lost"]),
                "every year" if one["kind"] == "annual" else "once",
                one["last_covered_on"],
            ],
        )
        for one in wanted.iter_rows(named=True)
    ]
    ways = [
        ("Coverage", of.asked.href("coverage", certificate=code, status="owed")),
        ("the scope of the next review", of.asked.href("scope", certificate=code)),
    ]
    body = table.table_json("Elements owed or missed", columns, rows, find=len(rows) > 20)
    return body, f"{count(len(rows), 'element')} owed or missed, today or at expiry", len(rows), ways


def _state(owed: bool, missed: bool) -> table.Cell:
    if owed:
        return table.state("owed", "Owed")
    return table.state("missed", "Missed") if missed else table.state("looked_at", "Not owed")


def _sites(of: _Behind) -> Shown:
    then = of.later.sites.select("site_code", later=pl.col("visited"), there=pl.col("in_scope"))
    both = of.now.sites.join(then, on="site_code", maintain_order="left")
    wanted = both.filter("in_scope", ~pl.col("visited")).sort(~pl.col("must_visit"), "later", maintain_order=True)
    columns = [
        Column("site", "Site"),
        Column("must", "Owed", "status", "A must-visit site is owed whatever the number"),
        Column("later", "At expiry", title="With the visits that are planned"),
        Column("departments", "Departments"),
    ]
    rows = [
        Row(
            one["site_code"],
            [
                table.text(one["site_name"] or one["site_code"], one["site_code"]),
                table.status("fails", "Must visit") if one["must_visit"] else table.status("incomplete", "To visit"),
                "visited as planned" if one["later"] else "not planned" if one["there"] else "not in scope then",
                ", ".join(of.names.get(code, code) for code in one["department_codes"]) or of.names[None],
            ],
        )
        for one in wanted.iter_rows(named=True)
    ]
    code = of.row["certificate_code"]
    ways = [
        ("Sites", of.asked.href("sites", certificate=code)),
        ("the visit plan", of.asked.href("visitplan", certificate=code)),
    ]
    body = table.table_json("Sites not visited yet", columns, rows, find=len(rows) > 20)
    return body, f"{count(len(rows), 'site')} in scope and not visited yet", len(rows), ways


def _pass_mark(of: _Behind) -> Shown:
    columns = [
        Column("criterion", "Criterion"),
        Column("status", "Today", "status"),
        Column("later", "At expiry", "status"),
        Column("why", "Why", sortable=False),
    ]
    then = {one["criterion"]: one for one in of.later.criteria.iter_rows(named=True)}
    rows = [
        Row(
            one["criterion"],
            [one["criterion"], _status(one), _status(then[one["criterion"]]) if one["criterion"] in then else None,
             one["why"]],
        )
        for one in of.now.criteria.iter_rows(named=True)
    ]  # fmt: skip
    holder = of.row["department_code"] or ""
    ways = [
        ("Heatmap", of.asked.href("heatmap", department=holder)),
        ("Headroom", of.asked.href("headroom", department=holder)),
        ("actions", of.asked.href("actions", department=holder)),
    ]
    body = table.table_json("Criteria of the holder", columns, rows, find=False)
    return body, "The criteria of the holder", len(rows), ways


def _status(one: Mapping[str, Any]) -> table.Cell:
    if one["indicative"] and not one["fails_by_own"]:
        return table.status("indication", STATUS["indication"])
    return table.status(one["status"])


def _trend(of: _Behind) -> Shown:
    columns = [
        Column("element", "Element"),
        Column("what", "What"),
        Column("bands", "Bands found", title="At each formal assessment of the holder, oldest first", sortable=False),
    ]
    holder = of.row["department_code"] or ""
    rows = [
        Row(
            one["element"],
            [
                table.text(one["element"], None, of.asked.href("element", element=one["element"], department=holder)),
                _what(one),
                "; ".join(f"{_BANDS[band]} {day(on)}" for on, band in zip(one["days"], one["bands"], strict=True)),
            ],
        )
        for one in of.now.setbacks.iter_rows(named=True)
    ]
    ways = [
        ("Heatmap", of.asked.href("heatmap", department=holder)),
        ("actions", of.asked.href("actions", department=holder)),
    ]
    body = table.table_json("Elements that fell or stay partial", columns, rows, find=False)
    return body, f"{count(len(rows), 'element')} that fell or stay partial", len(rows), ways


def _what(one: Mapping[str, Any]) -> str:
    said = []
    if one["fell_on"]:
        said.append(f"fell from {_BANDS[one['fell_from']]} to {_BANDS[one['fell_to']]} on {day(one['fell_on'])}")
    if one["partials"]:
        said.append(f"partial {one['partials']} times in a row")
    return listing(said)


_BEHIND: dict[str, Callable[[_Behind], Shown]] = {
    "reports": _reports,
    "elements": _elements,
    "sites": _sites,
    "pass_mark": _pass_mark,
    "trend": _trend,
}
