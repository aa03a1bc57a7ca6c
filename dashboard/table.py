"""What assets/table.js draws: a table as compact JSON.

A page says columns and rows in Python; sorting, finding, trees, keys and printing are the table's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import orjson

from dashboard.language import mark, said
from dashboard.words import STATUS
from scheme.standard import ALL_BANDS, Band

Kind = Literal[
    "text",
    "number",
    "day",
    "status",
    "band",
    "counts",
    "headroom",
    "marks",
    "share",
    "state",
    "change",
    "difference",
    "link",
]
Cell = Any  # what the builders below give, or a plain value; None is missing

STATES = ("looked_at", "elsewhere", "planned", "owed", "missed", "open")
_BAND = {code: str(number) for number, code in enumerate(ALL_BANDS)}


@dataclass(frozen=True)
class Group:
    """A header over neighbouring columns; with `href` it has a button that opens or closes it."""

    label: str
    title: str | None = None
    href: str | None = None
    expanded: bool = True


@dataclass(frozen=True)
class Column:
    """A column: its key, header, kind of cell, and `title`, its full wording for names and tooltips.

    `groups`: headers above it, outermost first. `opens`: a cell of it writes `cell=ROW~KEY` into the address.
    `expand`: an address for the small button in its header. `edge`: a line before it. `width`: at least, in pixels.
    """

    key: str
    label: str
    kind: Kind = "text"
    title: str | None = None
    groups: tuple[Group, ...] = ()
    opens: bool = False
    expand: str | None = None
    expanded: bool = False
    width: int | None = None
    sortable: bool = True
    first_descending: bool = False
    edge: bool = False


@dataclass(frozen=True)
class Row:
    """A row: its id, its cells in the order of the columns, and in a tree its depth and whether it begins open.

    `href`: where the row leads. `name`: what it is called in the names of its cells, by default its first cell.
    """

    id: str
    cells: Sequence[Cell]
    depth: int = 0
    open: bool = False
    href: str | None = None
    muted: bool = False
    name: str | None = None


def table_json(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    bands: Sequence[Band] = (),
    sort: str | None = None,
    find: bool | Literal["url"] = True,
    tree: bool = False,
    dense: bool = False,
    empty: str = mark("Nothing matches."),
    say: str | None = None,
    note: str | None = None,
) -> str:
    """The JSON for a `table_place`.

    `sort`: key of the column sorted by at first, "-key" for descending. `find="url"` keeps the words in the address.
    `bands`: the standard's, needed by band and counts cells. `say` is announced when the table is drawn.
    ValueError where a row has not as many cells as there are columns, or an id is there twice.
    """
    ids = {row.id for row in rows}
    if len(ids) != len(rows):
        raise ValueError(f"{caption}: an id of a row is there twice")
    for row in rows:
        if len(row.cells) != len(columns):
            raise ValueError(f"{caption}: row {row.id} has {len(row.cells)} cells for {len(columns)} columns")
    groups = list(dict.fromkeys(group for column in columns for group in column.groups))
    body = {
        "caption": said(caption),
        "columns": [_column(column, groups) for column in columns],
        "groups": [_some(l=said(g.label), t=_said(g.title), x=g.href, xo=g.expanded or None) for g in groups],
        "rows": [_row(row) for row in rows],
        "bands": [(band.sign, said(band.label)) for band in bands],
        **_some(sort=sort, find=find or None, tree=tree or None, dense=dense or None, say=_said(say), note=_said(note)),
        "empty": said(empty),
    }
    return orjson.dumps(body).decode()


def _column(column: Column, groups: Sequence[Group]) -> dict[str, Any]:
    return {
        "k": column.key,
        "l": said(column.label),
        "n": column.kind,
        **_some(
            t=_said(column.title),
            g=[groups.index(group) for group in column.groups] or None,
            o=column.opens or None,
            x=column.expand,
            xo=column.expanded or None,
            wd=column.width,
            s=None if column.sortable else False,
            fd=column.first_descending or None,
            e=column.edge or None,
        ),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "c": row.cells,
        **_some(d=row.depth or None, o=row.open or None, h=row.href, m=row.muted or None, n=row.name),
    }


def _said(text: str | None) -> str | None:
    return None if text is None else said(text)


def _some(**values: object) -> Mapping[str, object]:
    return {key: value for key, value in values.items() if value is not None}


# --- cells ------------------------------------------------------------------------------------------------------------


def text(main: str | None, small: str | None = None, href: str | None = None) -> Cell:
    """A text, with a smaller line below it and a link if there are such."""
    return main if small is None and href is None else [main, small, href]


def link(words: str, href: str, download: bool = False) -> Cell:
    """A link; only http, https and addresses of ours work, any other leads nowhere."""
    return [words, href, download]


def status(code: str | None, words: str | None = None) -> Cell:
    """A status (fails, at_limit, incomplete, passes, indication) with words of its own."""
    if code is not None and code not in STATUS:
        raise ValueError(f"no status {code}")
    return code if words is None else [code, words]


def band(
    code: str | None,
    age: int = 0,
    *,
    old: bool = False,
    rolled_up: bool = False,
    worse_below: bool = False,
    change: int = 0,
) -> Cell:
    """A band in force, None where not assessed; `age` in full years, `old` when older than one cycle."""
    if code is None:
        return None
    flags = ("o" * old, "r" * rolled_up, "w" * worse_below, "u" * (change > 0), "d" * (change < 0))
    return f"{_BAND[code]}{min(max(age, 0), 3)}{''.join(flags)}"


def tried(cell: Cell, in_fact: str | None) -> Cell:
    """A band cell that is tried in a scenario, with the band in force in fact, None where not assessed."""
    return f"{cell}t{_BAND.get(in_fact or '', '-')}"


def supposed(cell: Cell, in_fact: Cell) -> Cell:
    """A counts, headroom, marks or share cell of a scenario with what stands there in fact, where that is otherwise.

    Cells of one kind with the same are left as they are; where nothing stands in fact, that is said.
    """
    if cell is None or cell == in_fact:
        return cell
    told = [*cell] if isinstance(cell, list) else [cell, None, 0, 0]
    return [*told, in_fact if in_fact is None or isinstance(in_fact, list) else [in_fact, None, 0, 0]]


def counts(
    compliance_plus: int,
    compliant: int,
    partial: int,
    non_compliant: int,
    not_applicable: int,
    not_assessed: int,
    *,
    rolled_up: bool = False,
    change: int = 0,
) -> Cell:
    """How many elements are in each band."""
    told = [compliance_plus, compliant, partial, non_compliant, not_applicable, not_assessed]
    return [*told, int(rolled_up), change]


def headroom(
    status: str | None, partial: int, allowance: int, non_compliant: int = 0, not_assessed: int = 0, change: int = 0
) -> Cell:
    """Partials used of those allowed; `status` None for an indication, which gives no verdict."""
    return [status, partial, allowance, non_compliant, not_assessed, change]


def share(value: float | None, words: str | None = None, *, rolled_up: bool = False, change: int = 0) -> Cell:
    """A share between 0 and 1, None where there is none, with the counts behind it in words."""
    if value is None or not (words or rolled_up or change):
        return value
    return [value, words, int(rolled_up), change]


def differs(own: str, assessed: str) -> Cell:
    """A department's own band of an element against its assessors', both on the scale."""
    return _BAND[own] + _BAND[assessed]


def difference(higher: int, lower: int, same: int) -> Cell:
    """How many elements a department rates higher than its assessors, lower and the same."""
    return [higher, lower, same]


def state(code: str | None, words: str | None = None) -> Cell:
    """A state of coverage (STATES), with words of its own; None where there is no such year, or for words alone."""
    if code is not None and code not in STATES:
        raise ValueError(f"no state {code}")
    return code if words is None else [code, words]


def change(by: int | None, words: str | None = None) -> Cell:
    """Better (above 0), worse (below 0) or the same, with words of its own; sorted by the number."""
    return by if words is None else [by, words]


def day(value: date | None, small: str | None = None) -> Cell:
    """A day, with a smaller line below it; plain dates will do as well."""
    return value if value is None or small is None else [value, small]
