"""What we understood, and what does not add up: the newest edition of every file, and its contradictions."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import LAYOUTS, count
from scheme.standard import BANDS

# What the way in says of a file where its figures contradict each other (etl.restated, etl.layouts).
_CONTRADICTS = r"^restated results that differ|summary says|contradict|does not add up"


@dataclass(frozen=True)
class Oddity:
    """Something that does not add up: what, how often, and where to look."""

    what: str
    number: int
    where: str
    href: str | None = None


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "What we understood, and what does not add up",
        components.headline(ids.UNDERSTOOD_HEADLINE),
        components.stack(
            components.place(ids.UNDERSTOOD_BODY),
            components.table_place(ids.UNDERSTOOD_FILES),
            components.table_place(ids.UNDERSTOOD_REASONS),
            components.table_place(ids.UNDERSTOOD_DIFFERENCES),
        ),
    )


def apart(own: pl.DataFrame, assessed: pl.DataFrame) -> pl.DataFrame:
    """Elements that a department rates otherwise than its assessors did: department_code, element, own, assessed.

    Takes scheme.standing.standing on the bases self and formal; own bands on the scale alone, nothing rolled up.
    """
    rank = {band: n for n, band in enumerate(BANDS)}
    judged = [
        frame.filter(~pl.col("rolled_up"), pl.col("band") != "not_applicable").select(
            "department_code", "element", pl.col("band").alias(name)
        )
        for frame, name in ((own, "own"), (assessed, "assessed"))
    ]
    both = judged[0].join(judged[1], on=["department_code", "element"], nulls_equal=True, maintain_order="left")
    higher = pl.col("own").replace_strict(rank, return_dtype=pl.Int64) < pl.col("assessed").replace_strict(
        rank, return_dtype=pl.Int64
    )
    return both.filter(pl.col("own") != pl.col("assessed")).with_columns(higher=higher)


def oddities(
    files: pl.DataFrame, reasons: pl.DataFrame, apart: pl.DataFrame, restated: int, asked: Filters
) -> list[Oddity]:
    """What does not add up, the gravest first; nothing is in the list of which there is none."""
    refused = files.filter(pl.col("outcome") == "refused")
    codes = reasons.filter(pl.col("why").str.contains(r"(^|; )element: "))
    notes = files.explode("notes").filter(pl.col("notes").str.contains(_CONTRADICTS))
    higher = apart.filter("higher")
    found = [
        Oddity("Files that were not understood", refused.height, _named(refused["file"])),
        Oddity("Rows set aside", int(reasons["rows"].sum()), _named(reasons["file"])),
        Oddity("Rows with a code that is no element", int(codes["rows"].sum()), _named(codes["file"])),
        *(
            Oddity("Figures that contradict each other", 1, f"{row['file']}: {row['notes']}")
            for row in notes.to_dicts()
        ),
        Oddity(
            "Elements rated higher by the department than by its assessor",
            higher.height,
            f"{count(higher['department_code'].n_unique(), 'department')}",
            asked.href("heatmap", basis="difference"),
        ),
        Oddity(
            "Elements rated lower by the department than by its assessor",
            apart.height - higher.height,
            "perhaps improved since",
            asked.href("heatmap", basis="difference"),
        ),
        Oddity("Results that repeat an earlier band (restated)", restated, "history only: they move and cover nothing"),
    ]
    return [each for each in found if each.number]


def _named(names: pl.Series) -> str:
    some = names.unique(maintain_order=True).to_list()
    return ", ".join(some[:5]) + (f" and {len(some) - 5} more" if len(some) > 5 else "")


def headline(files: pl.DataFrame, odd: list[Oddity]) -> str:
    """How many files were understood, and how much does not add up."""
    number = files["file"].n_unique()
    refused = files.filter(pl.col("outcome") == "refused")["file"].n_unique()
    said = f"{number - refused:,} of {count(number, 'file')} {'was' if number == 1 else 'were'} understood"
    things = len(odd)
    if not things:
        return f"{said}, and all of it adds up."
    return f"{said}; {count(things, 'thing')} {'needs' if things == 1 else 'need'} a look."


def body(files: pl.DataFrame, odd: list[Oddity]) -> Component:
    """Files by layout, and what does not add up."""
    taken = files.filter(pl.col("outcome") != "refused")
    kinds = taken.group_by(_layout().alias("layout")).agg(
        pl.col("file").n_unique().alias("files"), pl.col("read").sum(), pl.col("set_aside").sum()
    )
    lines = [
        html.Li(f"{row['layout']}: {count(row['files'], 'file')}, {count(row['read'], 'row')} read")
        for row in kinds.sort("files", "layout", descending=[True, False]).to_dicts()
    ]
    told = [
        html.Li(
            [
                html.Strong(f"{each.what}: {each.number:,}. " if each.number > 1 else f"{each.what}. "),
                each.where,
                html.Span([" ", html.A("Look", href=each.href)]) if each.href else "",
            ]
        )
        for each in odd
    ]
    return components.cards(
        components.card("What we understood", html.Ul(lines)),
        components.card("What does not add up", html.Ul(told) if told else html.P("Nothing that we can see.")),
    )


def _layout() -> pl.Expr:
    return pl.col("layout").replace(LAYOUTS).fill_null("Table")


def files_table(files: pl.DataFrame, asked: Filters) -> str:
    """Every file in its newest edition: what it was taken for, how surely, and what became of its rows."""
    columns = [
        Column("file", "File"),
        Column("layout", "Taken for", width=160),
        Column("table", "Holds"),
        Column("read", "Read", "number"),
        Column("taken", "Taken", "number", "Loaded, or known already"),
        Column("set_aside", "Set aside", "number", first_descending=True),
        Column("told", "Worth knowing", sortable=False, width=280),
    ]
    rows = []
    for n, row in enumerate(files.with_columns(_layout().alias("layout_words")).iter_rows(named=True)):
        where = table.text(row["file"], row["sheet"], asked.href("data", load=row["load"], file=row["file"]))
        sure = {"sure": "surely", "likely": "likely; look at it"}.get(row["certainty"] or "")
        told = [row["reason"]] if row["outcome"] == "refused" else row["notes"]
        kind = "Not understood" if row["outcome"] == "refused" else table.text(row["layout_words"], sure)
        taken = row["loaded"] + row["unchanged"]
        holds = (row["table"] or "").replace("_", " ") or None
        cells = [where, kind, holds, row["read"], taken, row["set_aside"], "; ".join(told) or None]
        rows.append(Row(str(n), cells, name=row["file"]))
    return table.table_json("Every file, in its newest edition", columns, rows, empty="No file matches.")


def reasons_table(reasons: pl.DataFrame, asked: Filters) -> str:
    """Why rows were set aside: each reason once, with how many rows it holds back and where it first stands."""
    columns = [
        Column("why", "Why", width=320),
        Column("rows", "Rows", "number", first_descending=True),
        Column("first", "First at"),
    ]
    once = reasons.group_by("why", maintain_order=True).agg(
        pl.col("rows").sum(), pl.col("file", "sheet", "first_row", "load").first()
    )
    rows = [
        Row(
            str(n),
            [
                row["why"],
                row["rows"],
                table.text(
                    f"{row['file']}, row {row['first_row']}",
                    row["sheet"],
                    asked.href("data", load=row["load"], file=row["file"]),
                ),
            ],
            name=row["why"],
        )
        for n, row in enumerate(once.sort("rows", descending=True, maintain_order=True).iter_rows(named=True))
    ]
    return table.table_json("Why rows were set aside", columns, rows, empty="No reason matches.")


def differences_table(apart: pl.DataFrame, names: Mapping[str | None, str], tenant_name: str, asked: Filters) -> str:
    """Departments whose own bands differ from their assessors', the most confident first."""
    columns = [
        Column("department", "Department"),
        Column("higher", "Rated higher by itself", "number", first_descending=True),
        Column("lower", "Rated lower by itself", "number", first_descending=True),
        Column("elements", "Elements it rates higher", sortable=False, width=280),
    ]
    told = apart.group_by("department_code", maintain_order=True).agg(
        pl.col("higher").sum().alias("count"),
        (~pl.col("higher")).sum().alias("lower"),
        pl.col("element").filter("higher").alias("elements"),
    )
    rows = [
        Row(
            row["department_code"] or "-",
            [
                table.text(
                    names.get(row["department_code"]) or tenant_name,
                    row["department_code"],
                    asked.href("heatmap", basis="difference", department=row["department_code"]),
                ),
                row["count"],
                row["lower"],
                ", ".join(row["elements"]) or None,
            ],
        )
        for row in told.sort("count", descending=True, maintain_order=True).iter_rows(named=True)
    ]
    return table.table_json("Self against assessor", columns, rows, empty="No department matches.")
