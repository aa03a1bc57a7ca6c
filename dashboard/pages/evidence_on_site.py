"""What to see at one site: the list of evidence that an assessor goes through there, and takes along."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, table
from dashboard.filters import Filters
from dashboard.pages.evidence import Enters, Names, cells_of, columns_of
from dashboard.table import Row
from dashboard.words import count

_FEW = 12  # more rows than this and the table gets a box to find in


def site_options(sites: Names) -> str:
    """What the filter bar offers."""
    return components.options(site=[("", "All evidence"), *((code, name) for code, name in sites.items() if code)])


def site_headline(rows: pl.DataFrame, name: str) -> str:
    """How much is to be seen at a site, and for which elements."""
    if rows.is_empty():
        return f"Nothing is marked as evidence to see at {name}."
    served = {element for codes in rows["elements"] for element in codes}
    said = f"{count(rows.height, 'piece')} of evidence to see at {name}, for {count(len(served), 'element')}"
    expired = rows.filter(state="expired").height
    return f"{said}; {expired} of them {'has' if expired == 1 else 'have'} expired." if expired else f"{said}."


def site_table(rows: pl.DataFrame, names: Names, name: str, enters: Enters) -> str:
    """What to see at one site, in the order of the elements."""
    keys = ("evidence", "elements", "kind", "shown_by", "department", "state", "expires_on", "note")
    columns = columns_of(*keys, *([] if enters is None else ["enter"]))
    listed = [
        Row(
            f"{row['department_code'] or ''}~{row['evidence_code']}~{row['here']}",
            cells_of(row, names, {}, columns, enters),
            name=row["evidence"],
        )
        for row in rows.iter_rows(named=True)
    ]
    return table.table_json(
        f"What to see at {name}, in the order of the elements",
        columns,
        listed,
        find=len(listed) > _FEW,
        empty="Nothing is marked as evidence to see here.",
        say=f"{count(len(listed), 'piece')} of evidence to see",
    )


def site_controls(site: str, asked: Filters) -> Component:
    """The way back to all evidence, and the list to take along."""
    given = {"site": site, "as_of": asked.as_of.isoformat()}
    query = urlencode(given | ({"known_at": asked.known_at.isoformat()} if asked.known_at else {}))
    files = [
        html.A(words, href=f"/download/see-on-site.{kind}?{query}", download="")
        for kind, words in (("csv", "CSV"), ("xlsx", "Excel"))
    ]
    along: list[Any] = [components.icon("bi-download"), " Take this list along: ", files[0], " or ", files[1]]
    back = html.A([components.icon("bi-arrow-left"), " All evidence"], href=asked.href(site=""))
    return html.Div([html.P(back), html.P(along, className=components.FILES)], className="with-files")


def to_take_along(rows: pl.DataFrame, names: Names, sites: Sequence[str]) -> pl.DataFrame:
    """The list of one site (code and name) as a file: one row for each piece of evidence, in the same order."""
    known = {code: name for code, name in names.items() if code}
    department = pl.col("department_code").replace_strict(known, default=names[None], return_dtype=pl.String)
    return rows.select(
        pl.lit(sites[0]).alias("site_code"),
        pl.lit(sites[1]).alias("site_name"),
        department.alias("department"),
        pl.col("elements").list.join("; "),
        "evidence_code",
        "evidence",
        "kind",
        "shown_by",
        "owner",
        "expires_on",
        "state",
        pl.when("here").then(pl.lit("this site")).otherwise(pl.lit("any site of the department")).alias("seen_at"),
        "note",
        "link",
    )
