"""Data: what arrived, what became of it, what was set aside and why."""

from typing import Any
from urllib.parse import quote

import orjson
import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, moment

_TAKEN = ("loaded", "unchanged", "duplicate", "no_result", "set_aside")


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Data",
        components.headline(ids.DATA_HEADLINE),
        components.stack(
            components.place(ids.DATA_CHOSEN),
            components.table_place(ids.DATA_REJECTED),
            components.table_place(ids.DATA_LOADS),
            html.Div(id=ids.DATA_CONFIRM),
        ),
    )


def headline(loads: pl.DataFrame) -> str:
    """How much arrived, how much of it was taken, what needs a hand."""
    number, read = loads["load"].n_unique(), int(loads["read"].sum())
    refused = loads.filter(pl.col("outcome") == "refused").height
    aside = int(loads["set_aside"].sum())
    trouble = [f"{count(aside, 'row')} set aside"] if aside else []
    trouble += [f"{count(refused, 'file')} refused"] if refused else []
    last = loads.row(0, named=True)
    said = f"{count(number, 'load')} so far, {count(read, 'row')} read; {' and '.join(trouble) or 'none set aside'}"
    return f"{said}. The last one arrived on {moment(last['finished_at'])}."


def loads_table(loads: pl.DataFrame, asked: Filters) -> str:
    """Every file of every load, newest first: read = loaded + unchanged + duplicate + no result + set aside."""
    columns = [
        Column("load", "Load", title="The number of the load"),
        Column("file", "File and sheet", width=180),
        Column("table", "Holds"),
        Column("outcome", "What became of it", width=220),
        Column("read", "Read", "number", "Rows read; in wide layouts each filled cell counts as one"),
        Column("loaded", "Loaded", "number", "New, or said something different"),
        Column("unchanged", "Unchanged", "number", "Said what was known already"),
        Column("duplicate", "Duplicate", "number", "Repeated another row of the same load"),
        Column("no_result", "No result", "number", "Empty or not assessed"),
        Column("set_aside", "Set aside", "number", "Could not be taken; mend and send again", first_descending=True),
        Column("finished_at", "Received", width=240),
        Column("sent_by", "From"),
    ]
    rows = [
        Row(
            f"{row['load']}-{number}",
            [
                table.text(str(row["load"]), None, asked.href(load=row["load"], file=row["file"])),
                table.text(row["file"], row["sheet"]),
                (row["table"] or "").replace("_", " ") or None,
                _outcome(row),
                *(row[key] for key in ("read", *_TAKEN)),
                moment(row["finished_at"]),
                row["sent_by"],
            ],
            name=f"load {row['load']}, {row['file']}",
        )
        for number, row in enumerate(loads.iter_rows(named=True))
    ]
    return table.table_json(
        "Loads, newest first",
        columns,
        rows,
        find="url",
        empty="No load matches.",
        note="Read = loaded + unchanged + duplicate + no result + set aside. A load's number opens it.",
    )


def _outcome(row: dict[str, Any]) -> str:
    if row["outcome"] == "refused":
        return f"Refused: {row['reason']}"
    return "Taken, but some rows set aside" if row["set_aside"] else "Taken"


def newest_with_trouble(loads: pl.DataFrame) -> int | None:
    """The load to show when none is asked for: the newest in which something was set aside or refused."""
    faulty = loads.filter((pl.col("set_aside") > 0) | (pl.col("outcome") == "refused"))
    return None if faulty.is_empty() else int(faulty["load"][0])


def chosen(load: int, files: pl.DataFrame, notes: pl.DataFrame, rejected: pl.DataFrame, asked: Filters) -> Component:
    """One load: refused files and notes, and its set-aside rows to take away."""
    if files.is_empty():
        return components.empty_state(f"There is no load {load}", "Choose one from the list.")
    refused = files.filter(pl.col("outcome") == "refused")
    parts: list[Component | str | None] = [
        html.P(f"Received {moment(files['finished_at'][0])} from {files['sent_by'][0]}, {count(files.height, 'file')}.")
    ]
    if refused.height:
        lines = [html.Li(f"{row['file']}: {row['reason']}") for row in refused.iter_rows(named=True)]
        parts.append(html.Div([html.H3("Refused files"), html.Ul(lines)]))
    if notes.height:
        lines = [html.Li(f"{row['file']}: {row['note']}") for row in notes.iter_rows(named=True)]
        parts.append(components.details(f"{count(notes.height, 'note')} on this load", html.Ul(lines)))
    if rejected.height:
        parts.append(_downloads(load, asked.file))
    hashes = [
        html.Li(f"{row['file']}: SHA-256 {row['sha256']}")
        for row in files.unique("file", maintain_order=True).iter_rows(named=True)
    ]
    parts.append(components.details("Details", html.Ul(hashes)))
    return components.card(f"Load {load}" + (f": {asked.file}" if asked.file else ""), *parts)


def _downloads(load: int, file: str) -> Component:
    query = f"?file={quote(file)}" if file else ""
    return html.P(
        [
            "Rows set aside, as they were sent, with the reason; mend them and send the file again: ",
            html.A("CSV", href=f"/download/rejected/{load}.csv{query}", download=""),
            " or ",
            html.A("Excel", href=f"/download/rejected/{load}.xlsx{query}", download=""),
            ".",
        ]
    )


def rejected_table(load: int, rejected: pl.DataFrame) -> str:
    """The rows a load set aside: where they stood, why, and what they said."""
    columns = [
        Column("row", "Row"),
        Column("file", "File and sheet", width=180),
        Column("why", "Why it was set aside"),
        Column("cells", "What it said", sortable=False),
    ]
    rows = [
        Row(
            str(number),
            [str(row["row"]), table.text(row["file"], row["sheet"]), row["why"], _cells(row["cells"])],
            name=f"row {row['row']}",
        )
        for number, row in enumerate(rejected.iter_rows(named=True))
    ]
    return table.table_json(f"Rows set aside by load {load}", columns, rows, empty="No row matches.")


def _cells(text: str) -> str:
    return "; ".join(f"{heading}: {value}" for heading, value in orjson.loads(text).items() if value)


def to_confirm(departments: pl.DataFrame, sites: pl.DataFrame) -> Component | str:
    """Codes that a row named and no register knows: mistyped, or missing from the register."""
    named = [
        (kind, row[f"{kind}_code"], row["load_number"])
        for kind, frame in (("department", departments), ("site", sites))
        for row in frame.filter(~pl.col("is_confirmed")).iter_rows(named=True)
    ]
    if not named:
        return ""
    rows = [Row(f"{kind} {code}", [code, kind, load]) for kind, code, load in named]
    columns = [
        Column("code", "Code"),
        Column("kind", "Of a"),
        Column("load", "First named in load", "number"),
    ]
    body = table.table_json("New, please confirm", columns, rows)
    return html.Section(
        [
            html.H2("New, please confirm"),
            html.P(
                "No register names these codes. Where one is mistyped, correct the file and send it again; "
                "where it is right, send a register with its name."
            ),
            components.table(ids.DATA_CONFIRM_TABLE, body),
        ]
    )
