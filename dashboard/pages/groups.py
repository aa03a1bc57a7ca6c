"""Customer groups: who each department's customers are, and for whom consulting, measuring and adapting is shown."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, day, listing
from scheme.customer_groups import SUBJECTS

Names = Mapping[str | None, str]
NOTHING = "No customer group has been sent yet."
NO_GROUPS = (
    "No customer groups are known here",
    "Load a table of them (department_code, group; and basis, hard_to_reach, disadvantaged, source, reviewed_on, "
    "elements where you have them), or choose another department.",
)
TITLES = {"consulted": "Consulted", "measured": "Satisfaction measured", "adapted": "Service adapted"}
_IS_HARDER = pl.col("hard_to_reach") | pl.col("disadvantaged")
_IS_UNTOLD = pl.any_horizontal(*(pl.col(subject) == "not_said" for subject in SUBJECTS))
# The chips: key in the address, words, which rows.
SHOWN = {
    "harder": ("Hard to reach or disadvantaged", _IS_HARDER),
    "old": ("Reviewed a year ago or longer", pl.col("is_old").fill_null(value=False)),
    "undated": ("No day of a review", pl.col("is_old").is_null()),
    "untold": ("Something not said", _IS_UNTOLD),
}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Customer groups",
        components.headline(ids.GROUPS_HEADLINE),
        components.filter_bar("groups", "as_of", "department"),
        components.stack(
            html.Div(id=ids.GROUPS_EMPTY),
            html.Div(id=ids.GROUPS_CHIPS),
            components.table_place(ids.GROUPS_TABLE),
            components.details(
                "How this is told",
                html.P(
                    "“Said”: the group's own row names an element about consulting, about measuring satisfaction, or "
                    "about adapting services. “Named”: evidence for such an element that still holds, or a promise "
                    "about one, has the group's whole name in its words. “Not said” is not a no: nobody has told "
                    "Assay. Which elements are about what is our choice, and stands in the file of the standard."
                ),
            ),
        ),
    )


def headline(rows: pl.DataFrame) -> str:
    """How many groups are known, how many are harder to reach, and how many were not looked at lately."""
    departments = rows["department_code"].n_unique()
    harder, old = rows.filter(_IS_HARDER), rows.filter(SHOWN["old"][1]).height
    said = f"{count(rows.height, 'group')} of {count(departments, 'department')}".capitalize()
    said += f", {harder.height or 'none'} of them hard to reach or disadvantaged"
    said += f"; {old or 'none'} {'was' if old < 2 else 'were'} last reviewed a year ago or longer."
    alone = harder.filter(pl.all_horizontal(*(pl.col(subject) == "not_said" for subject in SUBJECTS))).height
    return said + (f" Of {alone} hard to reach or disadvantaged nothing is said." if alone else "")


def chips(rows: pl.DataFrame, asked: Filters) -> Component:
    """What the groups have in common; the one chosen filters the table."""
    items = [("All", rows.height, asked.href(status=""), asked.status not in SHOWN)]
    for code, (words, which) in SHOWN.items():
        items.append((words, rows.filter(which).height, asked.href(status=code), asked.status == code))
    return components.chips(items, "Show groups")


def shown(rows: pl.DataFrame, asked: Filters) -> pl.DataFrame:
    """The groups that are asked for."""
    return rows.filter(SHOWN[asked.status][1]) if asked.status in SHOWN else rows


def groups_table(rows: pl.DataFrame, names: Names, paths: Names, asked: Filters) -> str:
    """Every group shown, by department."""
    columns = [
        Column("group", "Group", width=180),
        Column("department", "Department", width=150),
        Column("who", "Harder to serve", title="Hard to reach, disadvantaged", width=110),
        *(Column(subject, TITLES[subject], "status", width=100) for subject in SUBJECTS),
        Column("reviewed_on", "Last reviewed", "day"),
    ]
    return table.table_json(
        "Customer groups by department, the hard to reach first",
        columns,
        [_row(row, names, paths, asked) for row in rows.iter_rows(named=True)],
        find="url",
        empty="No group matches.",
        say=f"{count(rows.height, 'row')} shown",
    )


def _row(row: Mapping[str, Any], names: Names, paths: Names, asked: Filters) -> Row:
    code = row["department_code"]
    return Row(
        f"{code}~{row['group']}",
        [
            table.text(row["group"], " · ".join(filter(None, (row["basis"], row["source"]))) or None),
            table.text(names.get(code) or code, paths.get(code) or None, asked.href("department", department=code)),
            _who(row) or None,
            *(table.status(*_told(row, subject)) for subject in SUBJECTS),
            table.day(row["reviewed_on"], "a year ago or longer" if row["is_old"] else None),
        ],
        name=row["group"],
    )


def _who(row: Mapping[str, Any]) -> str:
    said = [
        words for name, words in (("hard_to_reach", "hard to reach"), ("disadvantaged", "disadvantaged")) if row[name]
    ]
    return listing(said).capitalize()


def _told(row: Mapping[str, Any], subject: str) -> tuple[str, str]:
    """The sign and the words of one of the three."""
    state = row[subject]
    if state == "named":
        return "passes", f"Named in {listing(row[f'{subject}_by'], 1)}"
    return ("passes", "Said") if state == "said" else ("indication", "Not said")


def panel(rows: pl.DataFrame, asked: Filters, department: str = "", most: int = 6) -> Component:
    """The customer groups of one department in short, the hard to reach first, and the way to the page.

    `rows`: rows of scheme.customer_groups.GROUPS, cut to what is shown (dashboard.customers.known_groups).
    """
    if rows.is_empty():
        return components.card("Customer groups", html.P("No customer group has been sent."), explains="customers")
    items = []
    for row in rows.head(most).iter_rows(named=True):
        told = [TITLES[subject].lower() for subject in SUBJECTS if row[subject] != "not_said"]
        when = f"reviewed {day(row['reviewed_on'])}" if row["reviewed_on"] else "no day of a review"
        who = f" ({_who(row).lower()})" if _who(row) else ""
        items.append(html.Li(f"{row['group']}{who}: {listing(told) or 'nothing said'}; {when}."))
    more = f"All {rows.height}" if rows.height > most else "More"
    link = html.A(f"{more} on the page of customer groups", href=asked.href("groups", department=department))
    return components.card(
        "Customer groups",
        html.P(headline(rows)),
        html.Ul(items, className="checklist"),
        html.P(link),
        explains="customers",
    )
