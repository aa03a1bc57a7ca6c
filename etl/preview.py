"""What taking files would do, seen by the pipe itself: it does it all, tells what changes, and is undone.

`preview` writes nothing. `take` does it for good, and only if it does just what the preview said: what would be
otherwise by now (somebody else loaded, a rule or a source was changed) is undone and shown again instead.
"""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl

from db.loading import FileReport, Load
from db.sendings import Preview
from db.session import Scope
from db.writes import Opened, changes
from etl.arrive import Arrived, typed
from etl.layouts.staged import Source
from etl.mended import Mend, cells_of, lay_in
from etl.run import LoadReport, NewCodes, looked_on
from etl.sources import Paths
from scheme.standard import BANDS, Standard
from scheme.tables import TABLES
from scheme.words import Words

LISTED = 50  # rows of a kind that a preview lists; the rest is in its files
MENDABLE = 20  # rows set aside that can be mended at once
_LONGEST_CELLS = 2000  # letters of a row that can be mended
_NOTES = 50  # of a file
_WHERE = ("department_code", "site_code", "element")
CHANGES, SET_ASIDE = "changes", "set-aside"  # what a preview says at length
_SCHEMA = dict.fromkeys(("change", "table", *_WHERE, "what", "before", "after", "way", "file", "sheet"), pl.String)


class Otherwise(Exception):
    """Taking these files would no longer do what was shown; nothing was done. `preview` says what it would do now."""

    def __init__(self, preview: Preview) -> None:
        """Keep what it would do now."""
        super().__init__("taking this would do something else by now than what was shown")
        self.preview = preview


def preview(
    scope: Scope,
    paths: Paths,
    *,
    source: Source | None = None,
    mends: Sequence[Mend] = (),
    by: str,
    today: date | None = None,
) -> Preview:
    """What `load` would do with these files and the rows of them that `by` mended; nothing is written."""
    looking = _Looking(source, mends, by, None, None)
    looked_on(scope, paths, looking, source=source, keep=False, sent_by=by, today=today)
    return looking.preview()


def take(
    scope: Scope,
    paths: Paths,
    shown: str,
    *,
    source: Source | None = None,
    mends: Sequence[Mend] = (),
    by: str,
    also: Callable[[Opened], None] | None = None,
    today: date | None = None,
) -> LoadReport:
    """Load these files if that does what the preview with this fingerprint said; `also` is done with it, or neither.

    Otherwise where it would do something else by now.
    """
    looking = _Looking(source, mends, by, shown, also)
    return looked_on(scope, paths, looking, source=source, keep=True, sent_by=by, today=today)


class _Looking:
    """Looks on while files are taken, and writes down what that does."""

    def __init__(
        self,
        source: Source | None,
        mends: Sequence[Mend],
        by: str,
        shown: str | None,
        also: Callable[[Opened], None] | None,
    ) -> None:
        self._source, self._mends, self._by, self._shown, self._also = source or Source(), mends, by, shown, also
        self._copies: dict[int, int] = {}

    def arrived(self, files: Arrived, standard: Standard) -> None:
        self._files = files
        if self._mends:
            self._copies = lay_in(files, self._mends, self._by)
            sender = self._source
            typed(files, Words(standard, sender.bands, sender.assessment_types, sender.day_first, sender.date_1904))

    def checked(self, session: Opened, load: Load, new: NewCodes) -> None:
        told = [_changes(session, name, load) for name in TABLES if name in load.tables and load.tables[name].height]
        self._changes = pl.concat(told) if told else _none()
        self._new = new

    def published(self, session: Opened, load: Load) -> None:
        self._load = load
        if self._shown is not None:
            now = self.preview()
            if now.fingerprint != self._shown:
                raise Otherwise(now)
        if self._also:
            self._also(session)

    def preview(self) -> Preview:
        """What was seen."""
        rejected = LoadReport(None, self._load.files, self._load.rejected, {}, []).rejected_rows()
        said = self._changes.filter(pl.col("change") != "unchanged").drop("file_number")
        short = {
            "files": [self._file(n, file) for n, file in enumerate(self._load.files, 1)],
            "counts": self._counts(),
            "changed": said.filter(change="changed").head(LISTED).to_dicts(),
            "new": said.filter(change="new").head(LISTED).to_dicts(),
            "whys": _whys(rejected),
            "mendable": self._mendable(),
            "codes": self._codes(),
            "skipped": self._files.skipped,
        }
        whole = [json.dumps(short, sort_keys=True), said.write_csv(), rejected.write_csv()]
        fingerprint = hashlib.sha256("\x00".join(whole).encode()).hexdigest()
        return Preview(short, {CHANGES: _parquet(said), SET_ASIDE: _parquet(rejected)}, fingerprint)

    def _file(self, number: int, file: FileReport) -> dict[str, Any]:
        of = self._changes.filter(pl.col("file_number") == number)["change"]
        counts = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
        return {
            **{
                name: getattr(file, name) for name in ("file", "sheet", "sha256", "table", "outcome", "reason", *counts)
            },
            "new": int((of == "new").sum()),
            "changed": int((of == "changed").sum()),
            "notes": sorted(file.notes)[:_NOTES],
            "mends": self._copies.get(number),
            # What the sheet was taken for, and how surely, where the layouts say so (glossary).
            "layout": file.layout,
            "certainty": file.certainty,
        }

    def _counts(self) -> dict[str, int]:
        counts = ("read", "unchanged", "duplicate", "no_result", "set_aside")
        told = {name: sum(getattr(file, name) for file in self._load.files) for name in counts}
        of_results = self._changes.filter(pl.col("table") == "results")
        for change in ("new", "changed"):
            told[change] = self._changes.filter(pl.col("change") == change).height
            told[f"{change}_results"] = of_results.filter(pl.col("change") == change).height
        for way in ("falls", "rises"):
            told[way] = of_results.filter(pl.col("way") == way).height
        refused = {file.file for file in self._load.files if file.outcome == "refused"}
        codes = sum(frame.height for frame in self._new.values())
        return {**told, "refused": len(refused), "files": len({f.file for f in self._load.files}), "codes": codes}

    def _codes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for table, frame in self._new.items():
            for code, number, row, like in frame.head(LISTED).iter_rows():
                file = self._load.files[number - 1].file
                found.append({"table": table, "code": code, "file": file, "row": row, "like": like})
        return sorted(found, key=lambda one: (one["table"], one["code"]))

    def _mendable(self) -> list[dict[str, Any]]:
        """The first rows set aside, each with its cells by our columns as sent and as they stand now."""
        first = self._load.rejected[: 2 * MENDABLE]
        now = cells_of(self._files, [(row.file_number, row.row, row.at) for row in first])
        mended = {mend.place: dict(mend.was) for mend in self._mends}
        found: list[dict[str, Any]] = []
        for row, cells in zip(first, now, strict=True):
            place = (self._copies.get(row.file_number, row.file_number), row.row, row.at)
            file = self._load.files[row.file_number - 1]
            if cells and sum(map(len, cells.values())) <= _LONGEST_CELLS and len(found) < MENDABLE:
                was = mended[place] if row.file_number in self._copies else cells
                where = {"file": file.file, "sheet": file.sheet, "table": file.table}
                told = {"file_number": place[0], "row": row.row, "at": row.at, "was": was, "now": cells}
                found.append({**told, **where, "why": row.why})
        return found


def _changes(session: Opened, table: str, load: Load) -> pl.DataFrame:
    """The rows of a table, new, changed and unchanged: what each is about, and what it says before and after."""
    rows = changes(session, table, load.tables[table], load.cleared.get(table, ()))
    spec, differing, text = TABLES[table], [], {}
    for name in spec.values:
        now, before = pl.col(name).cast(pl.String), pl.col(f"{name}_before").cast(pl.String)
        text[name] = (before, now)
        differing.append((name, before.ne_missing(now)))
    said = []
    for side in (0, 1):
        parts = [
            pl.when(differs).then(pl.lit(f"{name}: ") + text[name][side].str.slice(0, 200).fill_null("nothing"))
            for name, differs in differing
        ]
        said.append(pl.concat_str(parts, separator="; ", ignore_nulls=True))
    before, after, way = *said, pl.lit("")
    if table == "results":
        rank = [
            pl.col(name).replace_strict(_RANK, default=None, return_dtype=pl.Int8) for name in ("band_before", "band")
        ]
        moved = pl.col("band_before").ne_missing(pl.col("band"))
        before, after = (pl.when(moved).then(text["band"][n]).otherwise(said[n]) for n in (0, 1))
        way = pl.when(rank[1] < rank[0]).then(pl.lit("rises")).when(rank[1] > rank[0]).then(pl.lit("falls"))
        way = way.otherwise(pl.lit(""))
    fresh = pl.col("change") == "new"
    key = [pl.when(pl.col(name).cast(pl.String) != "").then(pl.col(name).cast(pl.String)) for name in spec.key]
    rest = [each for name, each in zip(spec.key, key, strict=True) if name not in _WHERE]
    names = [(file.file, file.sheet) for file in load.files]
    files = pl.DataFrame(
        [(n, *name) for n, name in enumerate(names, 1)],
        {"file_number": pl.Int64, "file": pl.String, "sheet": pl.String},
        orient="row",
    )
    return (
        rows.join(files, on="file_number", how="left", maintain_order="left")
        .select(
            "change",
            pl.lit(table).alias("table"),
            *(
                pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
                if name in rows.columns
                else pl.lit(None, pl.String).alias(name)
                for name in _WHERE
            ),
            (pl.concat_str(rest, separator=", ", ignore_nulls=True) if rest else pl.lit("")).alias("what"),
            pl.when(~fresh).then(before).alias("before"),
            (after if table == "results" else pl.when(~fresh).then(after)).alias("after"),
            pl.when(pl.col("change") == "changed").then(way).otherwise(pl.lit("")).alias("way"),
            "file",
            "sheet",
            pl.col("row_number").alias("row"),
            "file_number",
        )
        .sort("file_number", "row", "element", "what", nulls_last=False, maintain_order=True)
    )


def _whys(rejected: pl.DataFrame) -> list[dict[str, Any]]:
    """Why rows are set aside, the commonest first: why, how many, and the first of them."""
    first = [pl.len().alias("count"), pl.first("file"), pl.first("sheet"), pl.first("row")]
    whys = rejected.group_by("why", maintain_order=True).agg(first)
    return whys.sort("count", descending=True, maintain_order=True).head(LISTED).to_dicts()


_RANK = {band: n for n, band in enumerate(BANDS)}


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={**_SCHEMA, "row": pl.Int64, "file_number": pl.Int64})


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
