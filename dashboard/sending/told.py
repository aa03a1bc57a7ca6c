"""What a preview says on screen: one sentence first, then by file, then row by row as far as that can be read."""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from dashboard.administration.forms import Cell, Table
from dashboard.shell import SENDING
from dashboard.words import LAYOUTS, count, day, listing, moment
from db import reads
from db.roles import EXPORT
from db.sendings import Waiting
from db.session import Scope, open_session
from etl.run import LoadReport

Frame = pl.DataFrame
TITLE = "What taking this would do"
_NAMED = 4  # files named in one line
_COUNTS = ("read", "new", "changed", "unchanged", "duplicate", "no_result", "set_aside")


def frame_of(body: bytes) -> Frame:
    """What a preview says at length, as a frame."""
    return pl.read_parquet(io.BytesIO(body))


def listed(there: Sequence[Waiting]) -> Table:
    """One's own sendings that wait, newest first."""
    rows = [
        [
            Cell(listing(one.files, _NAMED), f"{SENDING.path}/{one.number}"),
            Cell(summary(one.preview["counts"])),
            Cell(moment(one.sent_at)),
            Cell(moment(one.expires_at)),
        ]
        for one in there
    ]
    return Table(
        "Waiting for you to take or leave it", ["Files", "What taking it would do", "Sent", "Waits until"], rows
    )


def outcome(report: LoadReport) -> str:
    """What became of a sending that was taken."""
    loaded, same = (sum(getattr(file, name) for file in report.files) for name in ("loaded", "unchanged"))
    aside = sum(file.set_aside for file in report.files)
    more = f"; {_are(aside, 'row')} set aside" if aside else ""
    return f"Taken as load {report.load_number}: {count(loaded, 'row')} loaded, {same:,} unchanged{more}."


def summary(counts: Mapping[str, int]) -> str:
    """The sentence that comes first: what taking it would change, and what it would not take."""
    results, falls, rises = counts["changed_results"], counts["falls"], counts["rises"]
    does = []
    if counts["new_results"]:
        does.append(f"add {count(counts['new_results'], 'result')}")
    if others := counts["new"] - counts["new_results"]:
        does.append(f"add {count(others, 'other row')}")
    if others := counts["changed"] - results:
        does.append(f"change {count(others, 'other row')}")
    if results:
        ways = [f"{falls:,} {'falls' if falls == 1 else 'fall'}"] if falls else []
        ways += [f"{rises:,} {'rises' if rises == 1 else 'rise'}"] if rises else []
        if same := results - falls - rises:
            ways.append(f"{same:,} {'neither falls nor rises' if same == 1 else 'neither fall nor rise'}")
        does.append(f"change {count(results, 'result')}: {', '.join(ways)}")
    said = [f"Taking this would {listing(does)}" if does else _nothing(counts)]
    if counts["set_aside"]:
        said.append(f"{_are(counts['set_aside'], 'row')} set aside")
    if counts["refused"]:
        said.append(f"{_are(counts['refused'], 'file')} refused")
    return f"{'; '.join(said)}."


def _nothing(counts: Mapping[str, int]) -> str:
    if counts["unchanged"]:
        return f"Taking this would change nothing: {count(counts['unchanged'], 'row')} already known"
    return "Nothing of this can be taken" if not is_takeable(counts) else "Taking this would change nothing"


def is_takeable(counts: Mapping[str, int]) -> bool:
    """Whether there is anything to take."""
    return bool(counts["new"] + counts["changed"] + counts["unchanged"])


def _are(number: int, one: str) -> str:
    return f"{count(number, one)} {'is' if number == 1 else 'are'}"


def preview(one: Waiting, scope: Scope) -> dict[str, Any]:
    """What the page of a sending is made of."""
    said, counts = one.preview, one.preview["counts"]
    words = _Words(scope)
    return {
        "summary": summary(counts),
        "can_take": is_takeable(counts),
        "files": _files(said["files"]),
        "notes": [(f"{file['file']}{_in(file)}", file["notes"]) for file in said["files"] if file["notes"]],
        "refused": [(file["file"], file["reason"]) for file in said["files"] if file["outcome"] == "refused"],
        "skipped": said["skipped"],
        "tables": [
            table
            for table in (
                _changed(said["changed"], counts["changed"], words),
                _new(said["new"], counts["new"], words),
                _codes(said["codes"], counts["codes"]),
            )
            if table.rows
        ],
        "aside": counts["set_aside"],
        "mends": _forms(said["mendable"]),
        "mendable": len(said["mendable"]),
        "left": [] if counts["set_aside"] <= len(said["mendable"]) else [_whys(said["whys"])],
        "mended": len(one.mends),
        "may_export": scope.may(EXPORT),
        "has_changes": counts["changed"] + counts["new"] > 0,
        "sent": f"Sent on {moment(one.sent_at)}",
        "source": f", read by the source {one.source}" if one.source else "",
        "until": moment(one.expires_at),
    }


class _Words:
    """What codes are called: bands, and departments that the preview names."""

    def __init__(self, scope: Scope) -> None:
        with open_session(scope) as session:
            self._bands = {band.code: band.label for band in reads.register(session).standard.bands}
            rows = reads.table(session, "departments").select("department_code", "department_name")
        self._departments = {code: name for code, name in rows.iter_rows() if name}

    def place(self, row: Mapping[str, Any]) -> str:
        code, site = row["department_code"], row["site_code"]
        name = self._departments.get(code)
        department = f"{name} ({code})" if name and name != code else code or ""
        return (
            " · ".join(part for part in (department, f"site {site}" if site else "") if part)
            or "The organisation itself"
        )

    def said(self, text: str | None) -> str:
        return self._bands.get(text or "", text or "")


def _in(file: Mapping[str, Any]) -> str:
    return f", {file['sheet']}" if file["sheet"] else ""


def _table(name: str | None) -> str:
    return (name or "").replace("_", " ").capitalize()


def _files(files: Sequence[Mapping[str, Any]]) -> Table:
    rows = []
    for file in files:
        is_refused = file["outcome"] == "refused"
        taken_for = "Not recognised" if is_refused and not file["table"] else _table(file["table"])
        if file["layout"]:
            certainty = f", {file['certainty']}" if file["certainty"] else ""
            taken_for += f" ({LAYOUTS.get(file['layout'], file['layout']).lower()}{certainty})"
        state = (
            Cell("Refused", tag="bad")
            if is_refused
            else Cell("Some set aside", tag="warn")
            if file["set_aside"]
            else Cell("All can be taken", tag="quiet")
        )
        numbers = [Cell(f"{file[name]:,}") for name in _COUNTS]
        rows.append([Cell(file["file"], small=file["sheet"] or ""), Cell(taken_for), state, *numbers])
    headings = [
        "File and sheet",
        "Taken for",
        "Outcome",
        "Read",
        "New",
        "Changed",
        "Unchanged",
        "Duplicate",
        "No result",
        "Set aside",
    ]
    return Table("By file: read = new + changed + unchanged + duplicate + no result + set aside", headings, rows)


def _of(listed_: int, whole: int) -> str:
    return f" (the first {listed_:,} of {whole:,})" if listed_ < whole else f" ({whole:,})"


def _changed(rows: Sequence[Mapping[str, Any]], whole: int, words: _Words) -> Table:
    told = []
    for row in rows:
        way = {"rises": Cell("Rises", tag="quiet"), "falls": Cell("Falls", tag="bad")}.get(row["way"], Cell(""))
        before, after = Cell(words.said(row["before"])), Cell(words.said(row["after"]))
        told.append([Cell(words.place(row)), Cell(row["element"] or ""), _what(row), before, after, way, _where(row)])
    headings = ["Department", "Element", "What", "Now", "Would be", "Band", "In"]
    return Table(f"Would change{_of(len(rows), whole)}", headings, told)


def _new(rows: Sequence[Mapping[str, Any]], whole: int, words: _Words) -> Table:
    told = [
        [Cell(words.place(row)), Cell(row["element"] or ""), _what(row), Cell(words.said(row["after"])), _where(row)]
        for row in rows
    ]
    return Table(f"Would be new{_of(len(rows), whole)}", ["Department", "Element", "What", "Says", "In"], told)


def _what(row: Mapping[str, Any]) -> Cell:
    kind = _table(row["table"].removesuffix("s"))
    parts = [_shown(part) for part in (row["what"] or "").split(", ") if part]
    return Cell(f"{kind}: {', '.join(parts)}" if parts else kind)


def _shown(part: str) -> str:
    try:
        return day(date.fromisoformat(part))
    except ValueError:
        return part.replace("_", " ")


def _where(row: Mapping[str, Any]) -> Cell:
    return Cell(f"row {row['row']}", small=f"{row['file']}{_in(row)}")


def _codes(rows: Sequence[Mapping[str, Any]], whole: int) -> Table:
    told = [
        [
            Cell(row["code"]),
            Cell(_table(row["table"].removesuffix("s"))),
            Cell(f"Was {row['like']} meant?" if row["like"] else "", tag="warn" if row["like"] else ""),
            Cell(f"row {row['row']}", small=row["file"]),
        ]
        for row in rows
    ]
    caption = f"Codes in no register, which would be taken in as new{_of(len(rows), whole)}"
    return Table(caption, ["Code", "Of a", "Mistyped?", "First named in"], told)


def _whys(rows: Sequence[Mapping[str, Any]]) -> Table:
    told = [[Cell(row["why"]), Cell(f"{row['count']:,}"), _where(row)] for row in rows]
    return Table("Why rows are set aside, the commonest first", ["Why", "Rows", "First of them"], told)


def _forms(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows that can be mended, in a table for each file and sheet, whose columns are those of its rows."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for n, row in enumerate(rows):
        columns = tuple(row["now"])
        table = found.setdefault(
            (row["file_number"], row["sheet"], columns),
            {"caption": f"{row['file']}{_in(row)}: rows set aside", "columns": columns, "rows": []},
        )
        faulty = {
            name for name in columns if row["why"].startswith((f"{name}:", f"{name} ")) or f"; {name}:" in row["why"]
        }
        table["rows"].append({"number": n, "row": row["row"], "why": row["why"], "cells": row["now"], "faulty": faulty})
    return list(found.values())
