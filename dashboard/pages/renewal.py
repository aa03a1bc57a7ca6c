"""Renewal: what each certificate's renewal is judged by, as a list an assessor works through from top to bottom."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice
from dashboard.filters import Filters
from dashboard.pages.certificates import Names, facts, is_list, lapsed, time_left, until, with_ends
from dashboard.pages.renewal_checks import TITLES, check
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.gate_evidence import Evidence
from scheme.renewal import CHECKS

SIGNS = {"pass": "passes", "attention": "at_limit", "fail": "fails", "unknown": "incomplete"}
WORDS = {"pass": "Pass", "attention": "Attention", "fail": "Fail", "unknown": "Not known"}
SHORT = {"reports": "reports", "elements": "elements", "sites": "sites", "pass_mark": "pass mark", "trend": "trend"}
_KINDS = {
    "initial": "first assessment",
    "annual_review": "annual review",
    "renewal": "renewal assessment",
    "reassessment": "reassessment",
}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Renewal",
        components.headline(ids.RENEWAL_HEADLINE),
        components.filter_bar("renewal", "as_of", "department", Choice("certificate", "Certificate")),
        components.stack(
            components.table_place(ids.RENEWAL_CERTIFICATES),
            components.place(ids.RENEWAL_CHOSEN),
            html.Div(id=ids.RENEWAL_CHECKS),
            components.details(
                "What is checked",
                html.P(
                    "What the guide asks the assessor of a renewal to check, as of the day and as of the last day of "
                    "the cycle, if what is planned then has been held and visited and no band has changed. A fall or "
                    "a partial that stays asks for attention and never fails: the judgement is the assessor's."
                ),
            ),
        ),
    )


def by_certificate(renewal: pl.DataFrame, certificates: pl.DataFrame, today: date) -> pl.DataFrame:
    """A row for each certificate with its checks side by side, the one that is worst off first.

    Columns: certificate_code, department_code, each of CHECKS and each with `_at_expiry` (outcomes), fails and
    fails_at_expiry (how many), and what pages.certificates.with_ends adds. Those not in force come last.
    """
    columns = []
    for name in CHECKS:
        for end, outcome in (("", "outcome"), ("_at_expiry", "outcome_at_expiry")):
            columns.append(pl.col(outcome).filter(pl.col("check") == name).first().alias(f"{name}{end}"))
    failing = [(pl.col(name) == "fail").sum().alias(f"fails{name.removeprefix('outcome')}") for name in
               ("outcome", "outcome_at_expiry")]  # fmt: skip
    doubtful = pl.col("outcome").is_in(["unknown", "attention"]).sum().alias("doubtful")
    rows = renewal.group_by("certificate_code", "department_code", maintain_order=True).agg(
        *columns, *failing, doubtful
    )
    rows = with_ends(rows.with_row_index("place"), certificates, today)
    return rows.sort(
        ~pl.col("in_force"), -pl.col("fails_at_expiry").cast(pl.Int64), -pl.col("fails").cast(pl.Int64), "days", "place"
    )


def headline(rows: pl.DataFrame, row: Mapping[str, Any], names: Names, asked: Filters) -> str:
    """How many certificates have nothing in their way; of one, what stands in it today and at expiry."""
    if not is_list(rows, asked):
        name = f"{names.get(row['department_code'])}, certificate {row['certificate_code']}"
        return f"{name}: {stands(row, '')} today. {_at_expiry(row)} {until(row, asked.as_of)}."
    running = rows.filter("in_force")
    if running.is_empty():
        return f"None of {count(rows.height, 'certificate')} is in force on this day."
    clear, later = (running.filter(pl.col(f"fails{end}") == 0).height for end in ("", "_at_expiry"))
    return (
        f"{clear or 'None'} of {count(running.height, 'certificate')} in force would pass every check that can fail "
        f"today; {later or 'none'} would at expiry, with what is planned."
    )


def stands(row: Mapping[str, Any], end: str) -> str:
    """What stands in the way of a renewal, on the day (`end` is "") or at expiry ("_at_expiry")."""
    failing = [SHORT[name] for name in CHECKS if row[f"{name}{end}"] == "fail"]
    unknown = [SHORT[name] for name in CHECKS if row[f"{name}{end}"] == "unknown"]
    verb = "stands" if failing in (["pass mark"], ["trend"]) else "stand"
    said = f"{listing(failing)} {verb} in the way" if failing else "nothing that is known stands in the way"
    are = "is" if unknown in (["pass mark"], ["trend"]) else "are"
    return f"{said}, {listing(unknown)} {are} not known" if unknown else said


def _at_expiry(row: Mapping[str, Any]) -> str:
    if [row[name] for name in CHECKS] == [row[f"{name}_at_expiry"] for name in CHECKS]:
        return "At expiry, with what is planned, the same:"
    return f"At expiry, with what is planned, {stands(row, '_at_expiry')}:"


def about(row: Mapping[str, Any], dates: pl.DataFrame, names: Names, today: date) -> list[Component]:
    """The next dates of a certificate: the review that is booked, when its form is due, expiry."""
    reviews = dates.filter(what="review")
    if reviews.is_empty():
        booked = ("Next review", "none", "no review of the holder or below it is booked")
        return [facts([booked, time_left(row, today)])]
    review = reviews.row(0, named=True)
    form = dates.filter(what="form", assessment_code=review["assessment_code"]).row(0, named=True)
    whose = "" if review["department_code"] == row["department_code"] else f" of {names.get(review['department_code'])}"
    return [
        facts(
            [
                (
                    "Next review",
                    _days(review["days"]),
                    f"{_KINDS[review['assessment_type']]}{whose}, {day(review['on'])}",
                ),
                ("Review form due", *_form(form)),
                time_left(row, today),
            ]
        )
    ]


def _form(form: Mapping[str, Any]) -> tuple[str, str]:
    if form["submitted_on"]:
        return "handed in", day(form["submitted_on"])
    return ("overdue", f"since {day(form['on'])}") if form["days"] < 0 else (_days(form["days"]), day(form["on"]))


def _days(number: int) -> str:
    return f"in {count(number, 'day')}" if number else "today"


def checks(rows: pl.DataFrame, evidence: tuple[Evidence, Evidence], names: Names, asked: Filters) -> Component:
    """The five checks of one certificate from top to bottom, each with its outcome, why, and the rows behind it."""
    shown = []
    for number, row in enumerate(rows.iter_rows(named=True), 1):
        differs = row["outcome"] != row["outcome_at_expiry"]
        later = [
            html.P(
                [
                    html.Strong("At expiry: "),
                    components.status_word(SIGNS[row["outcome_at_expiry"]], WORDS[row["outcome_at_expiry"]]),
                    f" {row['at_expiry']}" if differs or row["today"] != row["at_expiry"] else " As today.",
                ]
            )
        ]
        today = html.P(
            [
                html.Strong("Today: "),
                components.status_word(SIGNS[row["outcome"]], WORDS[row["outcome"]]),
                f" {row['today']}",
            ]
        )
        title = f"{number}. {TITLES[row['check']]}"
        shown.append(
            components.card(title, today, *later, *check(row["check"], row, evidence, names, asked), explains="checks")
        )
    return components.stack(*shown)


def certificates_table(rows: pl.DataFrame, names: Names, asked: Filters) -> str:
    """Every certificate with its five checks, the one that is worst off first."""
    columns = [
        Column("holder", "Holder and certificate"),
        *(Column(name, TITLES[name], "status", f"{TITLES[name]}: today, then at expiry") for name in CHECKS),
        Column("fails", "Fail today", "number", "How many checks fail today", first_descending=True),
        Column("later", "At expiry", "number", "How many fail at expiry with what is planned", first_descending=True),
        Column("days", "Days left", "number", "Days to expiry"),
    ]
    listed = [_certificate(row, names, asked) for row in rows.iter_rows(named=True)]
    return table.table_json(
        "Certificates, the one that is worst off first",
        columns,
        listed,
        find=len(listed) > 12,
        note="An arrow leads from the outcome today to another one at expiry.",
    )


def _certificate(row: Mapping[str, Any], names: Names, asked: Filters) -> Row:
    code, over = row["certificate_code"], lapsed(row, asked.as_of)
    return Row(
        code,
        [
            table.text(names.get(row["department_code"]), f"{code}, {over[0].lower()}{over[1:]}" if over else code),
            *(outcome(row[name], row[f"{name}_at_expiry"]) for name in CHECKS),
            row["fails"],
            row["fails_at_expiry"],
            None if over else row["days"],
        ],
        href=asked.href(certificate=code),
        muted=bool(over),
    )


def outcome(today: str, at_expiry: str) -> table.Cell:
    """The cell of a check: its outcome today, and after an arrow another one at expiry."""
    words = WORDS[today] if today == at_expiry else f"{WORDS[today]} → {WORDS[at_expiry].lower()}"
    return table.status(SIGNS[today], words)
