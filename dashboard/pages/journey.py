"""Assessments: which stage each department's present one is in, what comes next, and the countdown to its visit."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.pages.certificates import Names
from dashboard.table import Column, Row
from dashboard.words import count, day, listing

STAGE = {
    "gap_analysis": "Gap analysis",
    "self_assessment": "Self-assessment",
    "application": "Application",
    "desk_review": "Desk review",
    "feedback": "Feedback before the visit",
    "four_weeks": "Four weeks to the visit",
    "visit": "Visit",
    "recommendation": "Recommendation",
    "verification": "Verification",
    "decision": "Decision",
    "improvement": "Areas for improvement",
    "reassessment": "Reassessment",
}
NEXT = {
    **STAGE,
    "application": "Hand in the review form",
    "improvement": "Mend what was found",
    "reassessment": "Reassessment of what was missing",
    "booking": "Book a review",
}
NOT_BEGUN = "none"  # as a status in the address: no stage is reached
KINDS = {
    "initial": "First assessment",
    "annual_review": "Annual review",
    "renewal": "Renewal",
    "reassessment": "Reassessment",
}
STATE = {
    "reached": ("passes", "Reached"),
    "nothing": ("indication", "Nothing recorded"),
    "ahead": ("incomplete", "Ahead"),
}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Assessments",
        components.headline(ids.JOURNEY_HEADLINE),
        components.filter_bar("journey", "as_of", "department"),
        components.stack(
            html.Div(id=ids.JOURNEY_CHOSEN),
            html.Div(id=ids.JOURNEY_COUNTDOWN),
            html.Div(id=ids.JOURNEY_CHIPS),
            components.table_place(ids.JOURNEY_TABLE),
            components.details(
                "How a stage is told",
                html.P(
                    "By what is recorded, and by nothing else: the furthest stage that has a fact. A department's "
                    "present assessment is the last review whose visit has begun; it gives way to the next booked one "
                    "once something was prepared for that, its form was handed in, or its visit is four weeks away."
                ),
            ),
        ),
    )


def headline(rows: pl.DataFrame) -> str:
    """How many visits are near, what is late, and what is waited for; rows of scheme.journey.journey."""
    near = rows.filter(pl.col("days_to_visit") <= 28)
    late = rows.filter(pl.col("next_step") == "application", pl.col("next_on").is_not_null(), pl.col("late")).height
    waiting = rows.filter(pl.col("next_step").is_in(["recommendation", "verification", "decision"])).height
    missing = rows.filter(pl.col("missing_left") > 0).height
    said = [f"{count(near.height, 'visit')} {'begins' if near.height == 1 else 'begin'} within four weeks"]
    said += [f"{count(late, 'review form')} {'is' if late == 1 else 'are'} overdue"] if late else []
    said += [f"{waiting} {'waits' if waiting == 1 else 'wait'} for an answer"] if waiting else []
    said += [f"{missing} {'has' if missing == 1 else 'have'} something non-compliant to put right"] if missing else []
    text = f"{'; '.join(said)}."
    return f"{text[:1].upper()}{text[1:]}"


def chips(rows: pl.DataFrame, asked: Filters) -> Component:
    """The stages with how many departments are in each."""
    items = [("All", rows.height, asked.href(status=""), not asked.status)]
    for code, words in (*STAGE.items(), (NOT_BEGUN, "Nothing recorded")):
        number = of_stage(rows, code).height
        if number or asked.status == code:
            items.append((words, number, asked.href(status=code), asked.status == code))
    return components.chips(items, "Show departments by stage")


def of_stage(rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    """The departments of a chip."""
    if stage == NOT_BEGUN:
        return rows.filter(pl.col("stage").is_null())
    return rows.filter(pl.col("stage") == stage) if stage in STAGE else rows


def urgent_first(rows: pl.DataFrame) -> pl.DataFrame:
    """What is late first, then the nearest visits, what is to be put right, the rest by the day of their next step."""
    near = pl.col("days_to_visit").is_not_null() & (pl.col("days_to_visit") <= 28)
    order = pl.when("late").then(0).when(near).then(1).when(pl.col("missing_left") > 0).then(2).otherwise(3)
    return rows.sort(order, pl.col("stage").is_null(), "next_on", nulls_last=True, maintain_order=True)


def stages_table(rows: pl.DataFrame, names: Names, asked: Filters) -> str:
    """Every department with the stage of its present assessment, since when, what comes next, and what is left."""
    columns = [
        Column("department", "Department"),
        Column("stage", "Stage", "status", "How far its present assessment is"),
        Column("assessment", "Assessment", width=130),
        Column("next", "Next step"),
        Column("by", "By", "day", "Where a day follows from what is booked"),
        Column("selves", "Self", "number", "Elements the department assessed itself in this round"),
        Column("left", "Left", "number", "Elements the review found below compliant, and still are",
               first_descending=True),
    ]  # fmt: skip
    shown = urgent_first(of_stage(rows, asked.status))
    listed = [_row(row, names, asked) for row in shown.iter_rows(named=True)]
    return table.table_json(
        "Departments, the most urgent first",
        columns,
        listed,
        find="url",
        empty="No department is in this stage.",
        say=f"{count(len(listed), 'department')} shown",
    )


def _row(row: Mapping[str, Any], names: Names, asked: Filters) -> Row:
    code, stage = row["department_code"], row["stage"]
    name = names.get(code) or code or ""
    since = f"since {day(row['since_on'])}" if row["since_on"] else None
    return Row(
        code or "",
        [
            table.text(name, since, None),
            table.status(_sign(row), STAGE[stage] if stage else "Nothing recorded"),
            table.text(*_about(row)) if row["assessment_code"] else "None booked",
            NEXT[row["next_step"]],
            table.day(row["next_on"], "overdue") if row["late"] else row["next_on"],
            row["self_assessed"] or None,
            row["improve_left"] if row["stage"] in ("improvement", "reassessment", "decision") else None,
        ],
        href=asked.href(department=code, status="") if code else None,
        name=name,
    )


def _about(row: Mapping[str, Any]) -> tuple[str, str]:
    return KINDS[row["assessment_type"]], day(row["begins_on"])


def _sign(row: Mapping[str, Any]) -> str:
    if row["missing_left"] or row["late"]:
        return "fails"
    if row["days_to_visit"] is not None and row["days_to_visit"] <= 28:
        return "at_limit"
    return "passes" if row["stage"] in ("decision", "improvement", "reassessment") else "incomplete"


def timeline(row: Mapping[str, Any], steps: pl.DataFrame, names: Names, asked: Filters) -> Component:
    """The stages of one department's present assessment, and what is to be said of each."""
    rows = []
    for number, step in enumerate(steps.iter_rows(named=True), 1):
        sign, words = STATE[step["state"]]
        if step["stage"] == row["stage"]:
            words = "Here"
        rows.append(
            Row(step["stage"], [f"{number}. {STAGE[step['stage']]}", table.status(sign, words), step["on"],
                                _said(step["stage"], row)])
        )  # fmt: skip
    columns = [
        Column("stage", "Stage", sortable=False),
        Column("state", "State", "status", sortable=False),
        Column("on", "Day", "day", "When it was reached, or will be", sortable=False),
        Column("said", "What is recorded", sortable=False),
    ]
    of_stages = table.table_json("Stages of this assessment", columns, rows, find=False)
    name = names.get(row["department_code"])
    title = f"{name}: {KINDS[row['assessment_type']].lower()}" if row["assessment_type"] else f"{name}: none booked"
    coming = NEXT[row["next_step"]]
    by = f", {_when(row)} {day(row['next_on'])}{' (overdue)' if row['late'] else ''}" if row["next_on"] else ""
    links: list[Any] = [
        html.A("Heatmap", href=asked.href("heatmap", department=row["department_code"] or "")),
        " · ",
        html.A("actions", href=asked.href("actions", department=row["department_code"] or "")),
    ]
    behind = components.table("journey-steps", of_stages)
    said = html.P([html.Strong("Next: "), f"{coming}{by}."])
    return components.card(title, said, behind, html.P(["Go to: ", *links]), explains="steps")


def _when(row: Mapping[str, Any]) -> str:
    return "on" if row["next_step"] in ("visit", "reassessment") else "by"


def _said(stage: str, row: Mapping[str, Any]) -> str | None:
    if stage == "self_assessment" and row["self_assessed"]:
        missing = row["not_self_assessed"]
        more = f"; not yet {listing(missing, 6)}" if missing else ""
        return f"{row['self_assessed']} of {row['elements']} elements in this round{more}"
    if stage == "visit" and row["begins_on"]:
        left = row["days_to_visit"]
        return f"in {count(left, 'day')}" if left else f"to {day(row['ended_on'])}"
    if stage == "improvement" and row["improve"]:
        return f"{row['improve_left'] or 'none'} of {count(row['improve'], 'element')} still below compliant"
    if stage == "reassessment" and row["missing_left"]:
        return f"{count(row['missing_left'], 'element')} still non-compliant"
    return None
