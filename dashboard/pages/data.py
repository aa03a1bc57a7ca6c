"""Data: what arrived, what became of it, what was set aside and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import LAYOUTS, count, moment

_FEW = 5
_TAKEN = ("loaded", "unchanged", "duplicate", "no_result", "set_aside")


@dataclass(frozen=True)
class Afterwards:
    """What became of a load later, and what this person may do with it.

    originals: by file name, its number in the load, of the files whose bytes this person may take away as sent.
    """

    withdrawn_by: int | None = None
    may_withdraw: bool = False
    originals: Mapping[str, int] = field(default_factory=dict)


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
            html.Div(id=ids.DATA_TEMPLATES),
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


def loads_table(
    loads: pl.DataFrame, chosen: int | None, asked: Filters, withdrawn: Mapping[int, int] | None = None
) -> str:
    """Every load, newest first, and below it its files: read = loaded + unchanged + duplicate + no result + set aside.

    The chosen load begins open. `withdrawn`: the loads taken back whole, and by which.
    """
    columns = [
        Column("load", "Load and file", title="Load, and below it its files and sheets"),
        Column("table", "Holds"),
        Column("outcome", "What became of it", width=190),
        Column("read", "Read", "number", "Rows read; in wide layouts each filled cell counts as one"),
        Column("loaded", "Loaded", "number", "New, or said something different"),
        Column("unchanged", "Unchanged", "number", "Said what was known already"),
        Column("duplicate", "Duplicate", "number", "Repeated another row of the same load"),
        Column("no_result", "No result", "number", "Empty or not assessed"),
        Column("set_aside", "Set aside", "number", "Could not be taken; mend and send again", first_descending=True),
    ]
    rows = []
    for (load,), files in loads.group_by("load", maintain_order=True):
        by = (withdrawn or {}).get(load)
        rows += [_load_row(load, files, asked, load == chosen, by), *_file_rows(load, files, asked)]
    return table.table_json(
        "Loads, newest first",
        columns,
        rows,
        tree=True,
        find="url",
        empty="No load matches.",
        note="Read = loaded + unchanged + duplicate + no result + set aside. Choose a load or a file to see it above.",
    )


def _load_row(load: int, files: pl.DataFrame, asked: Filters, is_open: bool, withdrawn_by: int | None) -> Row:
    said = f"{moment(files['finished_at'][0])}, from {files['sent_by'][0]}"
    refused = files.filter(pl.col("outcome") == "refused").height
    aside = int(files["set_aside"].sum())
    trouble = [f"{count(refused, 'file')} refused"] * bool(refused) + [f"{count(aside, 'row')} set aside"] * bool(aside)
    cells = [
        table.text(f"Load {load}", said, asked.href(load=load, file=None)),
        count(files["file"].n_unique(), "file"),
        f"Withdrawn by load {withdrawn_by}" if withdrawn_by else ", ".join(trouble) or "Taken",
        *(int(files[key].sum()) for key in ("read", *_TAKEN)),
    ]
    return Row(f"{load}", cells, open=is_open, name=f"load {load}")


def _file_rows(load: int, files: pl.DataFrame, asked: Filters) -> Iterable[Row]:
    for number, row in enumerate(files.iter_rows(named=True)):
        cells = [
            table.text(row["file"], row["sheet"], asked.href(load=load, file=row["file"])),
            _holds(row),
            _outcome(row),
            *(row[key] for key in ("read", *_TAKEN)),
        ]
        yield Row(f"{load}-{number}", cells, depth=1, name=f"load {load}, {row['file']}")


def _holds(row: dict[str, Any]) -> table.Cell:
    """Which table, and below it what the sheet was taken for where that is not plain."""
    holds = (row["table"] or "").replace("_", " ") or None
    seen = LAYOUTS.get(row.get("layout") or "")
    if not holds or not seen or row["layout"] == "canonical":  # a plain table needs no word
        return holds
    return table.text(holds, f"{seen}, likely" if row["certainty"] == "likely" else seen)


def _outcome(row: dict[str, Any]) -> str:
    if row["outcome"] == "refused":
        return f"Refused: {row['reason']}"
    return f"Taken, {count(row['set_aside'], 'row')} set aside" if row["set_aside"] else "Taken"


OWN = " You see here what you sent yourself."
NOTHING_SENT = "You have sent nothing yet."


def nothing_sent() -> Component:
    """What people see who may not see every department and have sent nothing."""
    return components.empty_state(
        "Nothing sent by you",
        "A load holds rows of many departments, so what others sent is not shown here; what was taken from it for your "
        "departments is on the other pages.",
    )


def newest_with_trouble(loads: pl.DataFrame) -> int | None:
    """The load to show when none is asked for: the newest in which something was set aside or refused."""
    faulty = loads.filter((pl.col("set_aside") > 0) | (pl.col("outcome") == "refused"))
    return None if faulty.is_empty() else int(faulty["load"][0])


def chosen(
    load: int,
    files: pl.DataFrame,
    notes: pl.DataFrame,
    rejected: pl.DataFrame,
    asked: Filters,
    after: Afterwards | None = None,
) -> Component:
    """One load: refused files and notes, its set-aside rows to take away, its files as sent, and how to withdraw it."""
    after = after or Afterwards()
    if files.is_empty():
        what = f"no file {asked.file} in load {load}" if asked.file else f"no load {load}"
        return components.empty_state(f"There is {what}", "Choose one from the list.")
    refused = files.filter(pl.col("outcome") == "refused")
    number = files["file"].n_unique()
    said = f"Received {moment(files['finished_at'][0])} from {files['sent_by'][0]}"
    parts: list[Component | str | None] = [
        html.P(f"{said}, {count(number, 'file')}." if not asked.file else [f"{said}. ", _whole(load, asked)])
    ]
    if refused.height:
        parts += _listed("Refused", [f"{row['file']}: {row['reason']}" for row in refused.iter_rows(named=True)])
    if notes.height:
        parts += _listed("Notes", [f"{row['file']}: {row['note']}" for row in notes.iter_rows(named=True)])
    if rejected.height:
        parts.append(_downloads(load, asked.file))
    elif not refused.height:
        parts.append(html.P("Nothing was set aside."))
    if after.withdrawn_by:
        by: Component = html.A(f"load {after.withdrawn_by}", href=asked.href(load=after.withdrawn_by, file=None))
        said_so: list[Any] = ["This load is withdrawn by ", by, "; nothing of it holds any more."]
        parts.insert(1, html.P(said_so))
    elif after.may_withdraw:
        href = f"/administration/withdraw/{load}"
        parts.append(html.P(html.A("Withdraw this load", href=href, **components.attributes(data_reload=""))))
    hashes = [
        html.Li(_fingerprint(load, row["file"], row["sha256"], after))
        for row in files.unique("file", maintain_order=True).iter_rows(named=True)
    ]
    parts.append(components.details("Details", html.Ul(hashes)))
    return components.card(f"Load {load}" + (f": {asked.file}" if asked.file else ""), *parts)


def _fingerprint(load: int, file: str, sha256: str, after: Afterwards) -> list[Any]:
    if not sha256:
        return [f"{file}: said without a file"]
    number = after.originals.get(file)
    link: Component = html.A("the file as it was sent", href=f"/download/original/{load}/{number}", download="")
    return [f"{file}: SHA-256 {sha256}", ", ", link] if number else [f"{file}: SHA-256 {sha256}"]


def _whole(load: int, asked: Filters) -> Component:
    return html.A("Show the whole load", href=asked.href(load=load, file=None))


def _listed(title: str, lines: list[str]) -> list[Component]:
    """Lines under a heading; what is more than a few stands behind it."""
    items = html.Ul([html.Li(line) for line in lines])
    if len(lines) > _FEW:
        return [components.details(f"{title} ({len(lines)})", items)]
    return [html.H3(f"{title} ({len(lines)})"), items]


def _downloads(load: int, file: str) -> Component:
    query = f"?file={quote(file)}" if file else ""
    return html.P(
        [
            "Rows set aside, as they were sent, with the reason; mend them and send the file again: ",
            html.A("CSV", href=f"/download/rejected/{load}.csv{query}", download=""),
            " or ",
            html.A("Excel", href=f"/download/rejected/{load}.xlsx{query}", download=""),
            ".",
        ],
        className=components.FILES,
    )


def rejected_table(load: int, rejected: pl.DataFrame) -> str:
    """The rows a load set aside: where they stood, why, and what they said."""
    columns = [
        Column("row", "Row and file"),
        Column("why", "Why it was set aside", width=260),
        Column("cells", "What it said", sortable=False, width=260),
    ]
    rows = [
        Row(str(number), [_where(row), row["why"], _cells(row["cells"])], name=f"row {row['row']} of {row['file']}")
        for number, row in enumerate(rejected.iter_rows(named=True))
    ]
    return table.table_json(f"Rows set aside by load {load}", columns, rows, empty="No row matches.")


def _where(row: dict[str, Any]) -> table.Cell:
    return table.text(f"Row {row['row']}", row["file"] + (f", sheet {row['sheet']}" if row["sheet"] else ""))


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


def templates(kinds: Sequence[str], departments: Sequence[tuple[str, str]]) -> Component:
    """Files to fill in and send back: blank ones of each kind, and a workbook for each department (code, name)."""
    blank = [
        html.Li(html.A(kind.replace("_", " ").capitalize(), href=f"/download/blank/{quote(kind)}.xlsx", download=""))
        for kind in kinds
    ]
    filled = [
        html.Li(html.A(f"{name} ({code})", href=f"/download/template/{quote(code, safe='')}.xlsx", download=""))
        for code, name in departments
    ]
    of_each = [
        html.H3("Self-assessment workbooks with what is known now"),
        html.P("Bands of the newest self-assessment and the evidence stand in them already; send them back changed."),
        html.Ul(filled),
    ]
    return components.details(
        "Files to fill in",
        html.H3("Blank"),
        html.Ul(blank),
        html.Div(of_each, className=components.FILES) if filled else None,
    )
