"""Overview: who fails, who is one partial from failing, who is silent, what comes next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import STATUS, count, day, listing
from scheme.standard import FORMAL

SHOWN_STATUSES = ("fails", "at_limit", "incomplete", "passes", "indication")
SILENT_AFTER = timedelta(days=365)
FORMS_AHEAD = timedelta(days=14)
EXPIRES_SOON = timedelta(days=90)


@dataclass(frozen=True)
class Facts:
    """What the page says of one day; frames as `departments` and `due` give them."""

    day: date
    departments: pl.DataFrame
    forms: pl.DataFrame
    actions: pl.DataFrame
    certificates: pl.DataFrame
    names: dict[str | None, str]
    cycles_hopeless: int  # certificates whose cycle can no longer be completed, or that still owe visits past expiry
    tenant: str


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Overview",
        components.headline(ids.OVERVIEW_HEADLINE),
        components.filter_bar("overview", "as_of", "basis", "department"),
        components.stack(
            components.place(ids.OVERVIEW_WEEK),
            html.Div(id=ids.OVERVIEW_CHIPS),
            components.table_place(ids.OVERVIEW_TABLE),
        ),
    )


def headline(facts: Facts) -> str:
    """The programme in one or two sentences; "on course" only when every check behind it passes."""
    rows = facts.departments
    judged = rows.filter(pl.col("shown") != "indication")
    if judged.is_empty():
        return "No department has an assessor's result yet."

    def named(status: str) -> list[str]:
        return judged.filter(pl.col("shown") == status)["name"].to_list()

    fails, limit, incomplete = named("fails"), named("at_limit"), named("incomplete")
    silent = rows.filter("silent").height
    said = []
    if fails:
        said.append(f"{count(len(fails), 'department')} {'fails' if len(fails) == 1 else 'fail'} ({listing(fails, 3)})")
    if limit:
        verb = "is at its limit" if len(limit) == 1 else "are at their limit"
        said.append(f"{len(limit)} {verb}, one partial from failing")
    if incomplete:
        said.append(f"{len(incomplete)} {'is' if len(incomplete) == 1 else 'are'} not fully assessed")
    if silent:
        said.append(f"{silent} {'has' if silent == 1 else 'have'} no result from the last twelve months")
    passing = judged.height - len(fails) - len(limit) - len(incomplete)
    if not said and not facts.cycles_hopeless and facts.actions.is_empty():
        first = f"On course: all {count(judged.height, 'department')} pass"
    else:
        first = "; ".join([*said, f"{passing} of {judged.height} pass"])
    return f"{first[0].upper()}{first[1:]}. {_movement(judged)}{_next(facts)}"


def _movement(judged: pl.DataFrame) -> str:
    better, worse = (judged.filter(pl.col("change") == by).height for by in (1, -1))
    if judged["change"].drop_nulls().is_empty():
        return ""
    return f"Against a year ago {better} {'is' if better == 1 else 'are'} better and {worse} worse. "


def _next(facts: Facts) -> str:
    ahead = facts.departments.filter(pl.col("next_on").is_not_null()).sort("next_on")
    if ahead.is_empty():
        return ""
    row = ahead.row(0, named=True)
    return f"Next: {row['next_what'][0].lower()}{row['next_what'][1:]} of {row['name']}, {day(row['next_on'])}."


def week(facts: Facts) -> Component:
    """What is due, overdue or missing, in four cards; each says so when there is nothing."""
    silent = facts.departments.filter("silent").sort("last_on", nulls_last=False)
    return components.cards(
        components.card(
            f"Review forms due ({facts.forms.height})",
            _items(
                f"{_name(facts, row)}: {_by(row['form_on'], facts.day)}, for the review of {day(row['begins_on'])}"
                for row in facts.forms.iter_rows(named=True)
            ),
        ),
        components.card(
            f"Actions overdue ({facts.actions['overdue'].sum()})",
            _items(
                f"{_name(facts, row)}: {count(row['overdue'], 'action')}, the oldest since {day(row['due_on'])}"
                for row in facts.actions.iter_rows(named=True)
            ),
        ),
        components.card(
            f"Silent for a year ({silent.height})",
            _items(
                f"{row['name']}: {'no result yet' if row['last_on'] is None else 'last result ' + day(row['last_on'])}"
                for row in silent.iter_rows(named=True)
            ),
        ),
        components.card(
            f"Certificates near their end ({facts.certificates.height})",
            _items(
                f"{_name(facts, row)}: {_expiry(row['expires_on'], facts.day)}"
                for row in facts.certificates.iter_rows(named=True)
            ),
        ),
    )


def _items(lines: Iterable[str]) -> Component:
    told = list(lines)
    if not told:
        return html.P("None.", className="quiet")
    first = html.Ul([html.Li(line) for line in told[:4]])
    if len(told) <= 4:
        return first
    return html.Div([first, components.details(f"{len(told) - 4} more", html.Ul([html.Li(x) for x in told[4:]]))])


def _name(facts: Facts, row: dict[str, Any]) -> str:
    return facts.names.get(row["department_code"]) or row["department_code"] or facts.tenant


def _by(due_on: date, today: date) -> str:
    return f"overdue since {day(due_on)}" if due_on < today else f"due by {day(due_on)}"


def _expiry(expires_on: date, today: date) -> str:
    return f"expired on {day(expires_on)}" if expires_on <= today else f"expires on {day(expires_on)}"


def chips(facts: Facts, asked: Filters) -> Component:
    """The statuses with how many departments have each; the one chosen filters the table."""
    rows = facts.departments
    items = [("All", rows.height, asked.href(status=""), not asked.status)]
    for status in SHOWN_STATUSES:
        number = rows.filter(pl.col("shown") == status).height
        items.append((STATUS[status], number, asked.href(status=status), asked.status == status))
    items.append(("Silent", rows.filter("silent").height, asked.href(status="silent"), asked.status == "silent"))
    return components.chips(items, "Show departments")


def departments_table(facts: Facts, asked: Filters) -> str:
    """Every department, worst first, cut to the chosen status."""
    rows = facts.departments
    if asked.status:
        rows = rows.filter(pl.col("silent") if asked.status == "silent" else pl.col("shown") == asked.status)
    columns = [
        Column("department", "Department"),
        Column("status", "Status", "status"),
        Column("partials", "Partials", "marks", "Partials used of those allowed in the tightest criterion"),
        Column("why", "Tightest criterion", title="The criterion nearest to failing, and why", sortable=False, width=380),
        Column("change", "Since last year", "change", "Against the same day a year before"),
        Column("next_on", "Next date", "day"),
        Column("next_what", "What is next"),
        Column(
            "last_on", "Latest result", "day", "The newest result of any kind, here or below", first_descending=True
        ),
    ]
    return table.table_json(
        "Departments, worst first",
        columns,
        [_row(row, asked) for row in rows.iter_rows(named=True)],
        find="url",
        empty="No department matches.",
        say=f"{count(rows.height, 'department')} shown",
    )


def _row(row: dict[str, Any], asked: Filters) -> Row:
    indication = row["shown"] == "indication"
    return Row(
        row["department_code"],
        [
            table.text(row["name"] + ("" if row["is_named"] else " (please confirm)"), row["path"] or None),
            table.status(row["shown"]),
            table.headroom(
                None if indication else row["status"], row["partial"], row["allowance"], row["non_compliant"]
            ),
            row["below"] if indication and row["below"] else row["why"],
            None if row["change"] is None else table.change(row["change"], row["change_words"]),
            row["next_on"],
            row["next_what"],
            row["last_on"],
        ],
        href=asked.href("heatmap", department=row["department_code"]),
        name=row["name"],
    )


# --- facts ------------------------------------------------------------------------------------------------------------


def departments(
    tree: pl.DataFrame,
    headroom: pl.DataFrame,
    before: pl.DataFrame,
    latest: pl.DataFrame,
    ahead: pl.DataFrame,
    today: date,
) -> pl.DataFrame:
    """One row for each department with all the table shows, worst first; the corporate body is none.

    `tree` is dashboard.data.tree; `headroom` and `before` scheme.headroom.headroom today and a year ago; `latest`:
    department_code, last_on; `ahead`: department_code, on, what. Adds to the tree: status, shown (the status, or
    "indication" where bands are rolled up), why, partial, allowance, non_compliant, below, change (-1, 0, 1; null
    where there was nothing a year ago), change_words, next_on, next_what, last_on, silent.
    """
    worst = pl.col("status").cast(pl.Enum(("fails", "at_limit", "incomplete", "passes")))
    tightest = (
        headroom.with_row_index("place")
        .sort(worst, "headroom", "place")
        .group_by("department_code", maintain_order=True)
        .agg(
            pl.col("status", "why", "criterion", "partial", "allowance", "non_compliant", "headroom").first(),
            pl.col("indicative").any(),
        )
    )
    nearest = (
        ahead.filter(pl.col("on") >= today)
        .sort("on")
        .group_by("department_code", maintain_order=True)
        .agg(next_on=pl.col("on").first(), next_what=pl.col("what").first())
    )
    rows = (
        tree.filter(pl.col("department_code").is_not_null())
        .join(tightest, on="department_code", maintain_order="left")
        .join(_movements(headroom, before), on="department_code", how="left", maintain_order="left")
        .join(latest, on="department_code", how="left", maintain_order="left")
        .join(nearest, on="department_code", how="left", maintain_order="left")
        .with_columns(shown=pl.when("indicative").then(pl.lit("indication")).otherwise("status"))
    )
    rows = rows.with_columns(
        silent=pl.col("last_on").is_null() | (pl.col("last_on") < today - SILENT_AFTER),
        below=pl.Series([_below(rows, code) for code in rows["department_code"]], dtype=pl.String),
    )
    return rows.with_row_index("place").sort(pl.col("shown").cast(pl.Enum(SHOWN_STATUSES)), "headroom", "place")


def _movements(headroom: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Better or worse: fewer non-compliant elements, then fewer partials, among departments assessed on both days."""

    def totals(frame: pl.DataFrame, suffix: str) -> pl.DataFrame:
        return (
            frame.group_by("department_code")
            .agg(
                pl.col("non_compliant", "partial", "elements", "not_assessed").sum().name.suffix(suffix),
                pl.col("indicative").any().alias(f"indicative{suffix}"),
            )
            .filter(pl.col(f"elements{suffix}") > pl.col(f"not_assessed{suffix}"), ~pl.col(f"indicative{suffix}"))
        )

    both = totals(headroom, "").join(totals(before, "_before"), on="department_code")
    weight = 1000  # one non-compliant element outweighs any number of partials
    fall = (
        (pl.col("non_compliant") - pl.col("non_compliant_before")) * weight
        + pl.col("partial")
        - pl.col("partial_before")
    )
    return both.select(
        "department_code",
        change=-fall.sign().cast(pl.Int8),
        change_words=pl.struct("non_compliant", "non_compliant_before", "partial", "partial_before").map_elements(
            _change_words, pl.String
        ),
    )


def _change_words(row: dict[str, int]) -> str:
    told = []
    for key, word in (("non_compliant", "non-compliant"), ("partial", "partial")):
        by = row[key] - row[f"{key}_before"]
        if by:
            plural = "s" if key == "partial" and abs(by) != 1 else ""
            told.append(f"{abs(by)} {word}{plural} {'more' if by > 0 else 'fewer'}")
    return ", ".join(told) or "as before"


def _below(rows: pl.DataFrame, code: str) -> str | None:
    """How the departments directly below stand: 6 of 9 departments pass, 2 at their limit, 1 fails."""
    own = rows.filter(pl.col("parent_code") == code, pl.col("shown") != "indication")
    if own.is_empty():
        return None
    number = {status: own.filter(pl.col("shown") == status).height for status in SHOWN_STATUSES}
    said = [f"{number['passes']} of {count(own.height, 'department')} directly below pass"]
    if number["at_limit"]:
        said.append(f"{number['at_limit']} at {'its' if number['at_limit'] == 1 else 'their'} limit")
    if number["fails"]:
        said.append(f"{number['fails']} {'fails' if number['fails'] == 1 else 'fail'}")
    if number["incomplete"]:
        said.append(f"{number['incomplete']} incomplete")
    return ", ".join(said) + "."


def ahead(assessments: pl.DataFrame, certificates: pl.DataFrame) -> pl.DataFrame:
    """The dates that departments have ahead: department_code, on, what. Planned reviews, their forms, expiries."""
    forms = review_forms(assessments)
    named = (
        pl.col("assessment_type").str.replace_all("_", " ").str.to_titlecase().str.replace("Annual Review", "Review")
    )
    return pl.concat(
        [
            forms.select("department_code", pl.col("begins_on").alias("on"), named.alias("what")),
            forms.filter(pl.col("submitted_on").is_null()).select(
                "department_code", pl.col("form_on").alias("on"), pl.lit("Review form due").alias("what")
            ),
            certificates.select(
                "department_code", pl.col("expires_on").alias("on"), pl.lit("Certificate expires").alias("what")
            ),
        ]
    )


def review_forms(assessments: pl.DataFrame) -> pl.DataFrame:
    """The planned formal assessments with `begins_on` and the day their review form is due, one month before.

    measures.md section 6.
    """
    begins_on = pl.coalesce("started_on", "ended_on")
    return assessments.filter("planned", pl.col("assessment_type").is_in(FORMAL)).with_columns(
        begins_on=begins_on, form_on=begins_on.dt.offset_by("-1mo")
    )


def forms_due(assessments: pl.DataFrame, today: date) -> pl.DataFrame:
    """The review forms due within a fortnight or overdue, of reviews still to come, first due first."""
    return (
        review_forms(assessments)
        .filter(
            pl.col("submitted_on").is_null(), pl.col("begins_on") >= today, pl.col("form_on") <= today + FORMS_AHEAD
        )
        .sort("form_on", "department_code")
    )


def actions_overdue(actions: pl.DataFrame, today: date) -> pl.DataFrame:
    """Actions past their day by department: department_code, overdue (count), due_on (the oldest); most first."""
    done = pl.col("status").str.to_lowercase().is_in(["closed", "done", "complete", "completed", "cancelled"])
    return (
        actions.filter(pl.col("closed_on").is_null(), ~done.fill_null(value=False), pl.col("due_on") < today)
        .group_by("department_code")
        .agg(pl.len().alias("overdue"), pl.col("due_on").min())
        .sort("overdue", "due_on", descending=[True, False])
    )


def expiring(certificates: pl.DataFrame, today: date) -> pl.DataFrame:
    """The certificates in force that expire within ninety days, or have expired without a successor."""
    return certificates.filter(pl.col("ended_on").is_null(), pl.col("expires_on") <= today + EXPIRES_SOON).sort(
        "expires_on"
    )


def names(tree: pl.DataFrame) -> dict[str | None, str]:
    """The names of departments by code."""
    return dict(zip(tree["department_code"], tree["name"], strict=True))
