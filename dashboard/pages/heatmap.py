"""The heatmap: where it is red. Departments as a tree by criteria, which open into their elements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, words
from dashboard.behind import full_years
from dashboard.filters import Filters
from dashboard.pages.details import tally
from dashboard.table import (
    Cell,
    Column,
    Group,
    Kind,
    Row,
    band,
    counts,
    difference,
    headroom,
    share,
    status,
    table_json,
)
from dashboard.words import STATUS
from scheme.errors import UsageError
from scheme.headroom import STATUSES
from scheme.standard import BANDS, Criterion, Standard

MODES = {"": "Status and headroom", "share": "Compliance share", "bands": "Bands"}
ALL = "all"
_KINDS: Mapping[str, Kind] = {"": "headroom", "share": "share", "bands": "counts", "difference": "difference"}
_OPEN = 60  # up to so many rows the tree begins open

Key = tuple[str | None, str]  # department, criterion or element
Rows = Mapping[Key, Mapping[str, Any]]


@dataclass(frozen=True)
class Grid:
    """What the heatmap shows of a day: frames of dashboard.data, cut to what may be seen and was asked for.

    tree: the departments in tree order. standing, headroom: of the day on the basis asked for. before_standing,
    before_headroom: of the day to compare with, None without one. own: standing by self-assessments, where the
    difference is asked for; standing is then the formal one.
    """

    standard: Standard
    cycle_years: int
    tree: pl.DataFrame
    standing: pl.DataFrame
    headroom: pl.DataFrame
    before_standing: pl.DataFrame | None = None
    before_headroom: pl.DataFrame | None = None
    own: pl.DataFrame | None = None


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Heatmap",
        components.headline(ids.HEATMAP_HEADLINE),
        components.filter_bar(
            "heatmap",
            "as_of",
            "compare",
            "basis_and_difference",
            "department",
            components.Choice("mode", "Show", tuple(MODES.items())),
            components.Choice("criterion", "Open", (("", "Criteria only"), (ALL, "All elements"))),
        ),
        html.Div(id=ids.HEATMAP_EMPTY),
        components.table_place(ids.HEATMAP_TABLE),
        html.Div(id=ids.HEATMAP_LEGEND),
        components.drawer("heatmap"),
    )


def options(standard: Standard) -> str:
    """The criteria one can open, for the filter bar."""
    return components.options(criterion=[(c.code, f"{c.code} {c.title}") for c in standard.criteria])


def check(asked: Filters, standard: Standard, tree: pl.DataFrame) -> None:
    """UsageError for a mode, a criterion or a department that there is not."""
    if asked.mode not in MODES:
        raise UsageError(f"the heatmap has no mode {asked.mode}; choose one in the list Show")
    if asked.criterion not in ("", ALL, *(criterion.code for criterion in standard.criteria)):
        raise UsageError(f"{standard.title} has no criterion {asked.criterion}; choose one in the list Open")
    if tree.is_empty():
        raise UsageError(
            f"there is no department {asked.department} on this day that you may see; choose one in the list"
        )


# --- the table --------------------------------------------------------------------------------------------------------


def table(grid: Grid, asked: Filters) -> str:
    """The heatmap as the one table draws it."""
    mode = "difference" if asked.basis == "difference" else asked.mode
    columns = [Column("department", "Department")]
    if asked.criterion != ALL:
        columns.append(Column("status", "Status", "status"))
    for criterion in grid.standard.criteria:
        columns += _columns(grid.standard, criterion, asked, _KINDS[mode])
    cells = _Cells(grid, asked, mode)
    found = list(grid.tree.iter_rows(named=True))
    rows = [
        Row(
            row["department_code"] or "",
            [row["name"], *(cells.of(row["department_code"], column, found[place:]) for column in columns[1:])],
            depth=row["depth"] - found[0]["depth"],
            open=row["has_below"] and (place == 0 or len(found) <= _OPEN),
            name=row["name"],
        )
        for place, row in enumerate(found)
    ]
    return table_json(
        f"{MODES[asked.mode] if mode != 'difference' else 'Own assessment against the assessors'} by department",
        columns,
        rows,
        bands=grid.standard.bands,
        tree=True,
        dense=True,
        find="url",
        empty="No departments match.",
        say=f"{words.count(len(rows), 'row')}, {words.count(len(grid.standard.criteria), 'criterion', 'criteria')}",
    )


def _columns(standard: Standard, criterion: Criterion, asked: Filters, kind: Kind) -> Iterable[Column]:
    code, full = criterion.code, f"{criterion.code} {criterion.title}"
    if asked.criterion not in (code, ALL):
        label = code if asked.criterion else full
        yield Column(code, label, kind, title=full, opens=True, expand=asked.href(criterion=code), edge=True)
        return
    over = Group(full, full, None if asked.criterion == ALL else asked.href(criterion=None))
    if asked.criterion == code:
        yield Column(code, "All", kind, title=f"{full}, all its elements", groups=(over,), opens=True, edge=True)
    yield from _element_columns(standard, criterion, over, "difference" if kind == "difference" else "band")


def _element_columns(standard: Standard, criterion: Criterion, over: Group, kind: Kind) -> Iterable[Column]:
    sub_of = {element: sub for sub in criterion.sub_criteria for element in sub.elements}
    begun: set[str | None] = set()
    for element in criterion.elements:
        sub = sub_of.get(element)
        groups = (over, Group(sub.code, f"{sub.code} {sub.title}")) if sub else (over,)
        is_first = (sub.code if sub else None) not in begun
        begun.add(sub.code if sub else None)
        label = element.removeprefix(f"{sub.code}.") if sub else element
        full = f"{element} {standard.element[element].title}"
        yield Column(element, label, kind, title=full, groups=groups, opens=True, edge=is_first)


class _Cells:
    """The cells of a grid, by department and column."""

    def __init__(self, grid: Grid, asked: Filters, mode: str) -> None:
        self.grid, self.day, self.mode = grid, asked.as_of, mode
        self.standing, self.headroom = _by_element(grid.standing), _by_criterion(grid.headroom)
        self.before = _by_element(grid.before_standing)
        self.headroom_before = _by_criterion(grid.before_headroom)
        self.own = _by_element(grid.own)
        self.status = {row["department_code"]: row for row in statuses(grid).iter_rows(named=True)}
        self.elements = {criterion.code: criterion.elements for criterion in grid.standard.criteria}

    def of(self, department: str | None, column: Column, branch: list[dict[str, Any]]) -> Cell:
        """The cell of a department in a column; `branch` are its row and those after it in the tree."""
        if column.kind == "status":
            return self._status(department, branch)
        at = (department, column.key)
        if column.kind == "band":
            return self._band(at)
        if column.kind == "difference":
            keys = self.elements.get(column.key, (column.key,))
            return _difference(self.standing, self.own, [(department, key) for key in keys], self.grid.standard)
        row = self.headroom.get(at)
        return None if row is None or row["not_assessed"] == row["elements"] else self._criterion(row, at)

    def _status(self, department: str | None, branch: list[dict[str, Any]]) -> Cell:
        row = self.status.get(department)
        if row is None:
            return None
        if row["not_assessed"]:
            return status("incomplete", "Not assessed")
        if not row["indicative"]:
            return status(row["status"])
        depth = branch[0]["depth"]
        below = []
        for other in branch[1:]:
            if other["depth"] <= depth:
                break
            below.append(self.status[other["department_code"]])
        return status("indication", tally(below) or None)

    def _band(self, at: Key) -> Cell:
        row = self.standing.get(at)
        if row is None:
            return None
        age = full_years(row["assessed_on"], self.day)
        return band(
            row["band"],
            age,
            old=age >= self.grid.cycle_years,
            rolled_up=row["rolled_up"],
            worse_below=row["worse_below"],
            change=band_change(row, self.before.get(at)),
        )

    def _criterion(self, row: Mapping[str, Any], at: Key) -> Cell:
        changed = criterion_change(row, self.headroom_before.get(at))
        if self.mode == "share":
            better = row["compliance_plus"] + row["compliant"]
            judged = better + row["partial"] + row["non_compliant"]
            said = f"{better} of {judged} compliant or better"
            return share(row["compliance_share"], said, rolled_up=row["indicative"], change=changed)
        if self.mode == "bands":
            told = [row[name] for name in (*BANDS, "not_applicable", "not_assessed")]
            return counts(*told, rolled_up=row["indicative"], change=changed)
        code = None if row["indicative"] else row["status"]
        numbers = (row["partial"], row["allowance"], row["non_compliant"], row["not_assessed"])
        return headroom(code, *numbers, change=changed)


def _by_element(standing: pl.DataFrame | None) -> Rows:
    if standing is None:
        return {}
    names = ["department_code", "element", "band", "assessed_on", "rolled_up", "worse_below"]
    return {(row["department_code"], row["element"]): row for row in standing.select(names).iter_rows(named=True)}


def _by_criterion(headroom: pl.DataFrame | None) -> Rows:
    if headroom is None:
        return {}
    return {(row["department_code"], row["criterion"]): row for row in headroom.iter_rows(named=True)}


def band_change(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> int:
    """1 where a band is better than before, -1 where worse; 0 also where the two cannot be compared.

    An indication is not compared with a judgement, nor anything with what stands beside the scale.
    """
    if before is None or now["rolled_up"] != before["rolled_up"] or not {now["band"], before["band"]} <= set(BANDS):
        return 0
    by = BANDS.index(before["band"]) - BANDS.index(now["band"])
    return (by > 0) - (by < 0)


def criterion_change(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> int:
    """1 where a criterion is better than before, by status, then by non-compliants and partials; -1 where worse.

    Statuses made of rolled-up bands are no verdicts: of those only the counts are compared, and only with their like.
    """
    if before is None or now["indicative"] != before["indicative"] or before["not_assessed"] == before["elements"]:
        return 0

    def badness(row: Mapping[str, Any]) -> tuple[int, int, int]:
        place = 0 if row["indicative"] else -STATUSES.index(row["status"])
        return place, row["non_compliant"], row["partial"]

    return (badness(before) > badness(now)) - (badness(before) < badness(now))


def _difference(formal: Rows, own: Rows, keys: list[Key], standard: Standard) -> Cell:
    """How many elements a department rates higher than its assessors, lower, the same; None with nothing to compare."""
    pairs = [(formal[key], own[key]) for key in keys if key in formal and key in own]
    bands = [(theirs["band"], ours["band"]) for theirs, ours in pairs if not theirs["rolled_up"] | ours["rolled_up"]]
    by = [BANDS.index(theirs) - BANDS.index(ours) for theirs, ours in bands if {theirs, ours} <= set(BANDS)]
    if not by:
        return None
    higher, lower = sum(d > 0 for d in by), sum(d < 0 for d in by)
    said = None
    if len(keys) == 1:
        theirs, ours = (standard.band[code].label.lower() for code in bands[0])
        said = f"own {ours}, assessed {theirs}"
    return difference(higher, lower, len(by) - higher - lower, said)


# --- facts in words ---------------------------------------------------------------------------------------------------


def statuses(grid: Grid) -> pl.DataFrame:
    """A row for each department shown: department_code, status, indicative, not_assessed (Boolean: nothing at all)."""
    order = pl.col("status").cast(pl.Enum(STATUSES))
    return grid.headroom.group_by("department_code", maintain_order=True).agg(
        order.min().cast(pl.String),
        pl.col("indicative").any(),
        not_assessed=(pl.col("not_assessed") == pl.col("elements")).all(),
    )


def headline(grid: Grid, asked: Filters) -> str:
    """The one sentence: who fails, who is at the limit, where most of all, and what has changed."""
    if asked.basis == "difference":
        return _headline_of_difference(grid)
    found = statuses(grid).filter(~pl.col("indicative"), ~pl.col("not_assessed"))
    whole = found.filter(pl.col("department_code").is_null())
    departments = found.filter(pl.col("department_code").is_not_null())
    said = [f"{grid.tree['name'][0]} as a whole {_STANDS[whole['status'][0]]}."] if whole.height else []
    if departments.height:
        said.append(_stand(departments["status"].to_list(), asked))
    elif not whole.height:
        said.append(f"Nothing shown here has been assessed as a whole by {words.day(asked.as_of)}.")
    return " ".join([*said, *_where_most(grid, found), *_since(grid, asked)])


_STANDS = {"fails": "fails", "at_limit": "is at its limit", "incomplete": "is incomplete", "passes": "passes"}
_BY = {"formal": "", "self": "By their own assessment, ", "desk": "By desk review, "}


def _stand(found: list[str], asked: Filters) -> str:
    number = {code: found.count(code) for code in STATUSES}
    of = f"{number['fails'] or 'none'} of {words.count(len(found), 'assessed department')}"
    fails = f"{of} {'fails' if number['fails'] == 1 else 'fail'}"
    limit = f"{number['at_limit'] or 'none'} {'is at its limit' if number['at_limit'] == 1 else 'are at their limit'}"
    sentence = f"{_BY[asked.basis]}{fails}, {limit}, {number['incomplete'] or 'none'} incomplete."
    return sentence[0].upper() + sentence[1:]


def _where_most(grid: Grid, judged: pl.DataFrame) -> list[str]:
    """The criterion in which most of those with a verdict fail or are at their limit."""
    tight = grid.headroom.filter(
        pl.col("status").is_in(["fails", "at_limit"]),
        pl.col("department_code").is_in(judged["department_code"].implode(), nulls_equal=True),
    )
    if tight.is_empty():
        return []
    number = dict(tight.group_by("criterion").len().iter_rows())
    most = max(grid.standard.criteria, key=lambda criterion: number.get(criterion.code, 0))
    return [
        f"Tightest is criterion {most.code}, {most.title.lower()}: "
        f"{words.count(number[most.code], 'department')} at or over the limit."
    ]


def _since(grid: Grid, asked: Filters) -> list[str]:
    if grid.before_headroom is None or asked.compare is None:
        return []
    before, now = _by_criterion(grid.before_headroom), _by_criterion(grid.headroom)
    changes = [criterion_change(row, before.get(at)) for at, row in now.items() if not row["indicative"]]
    better, worse = changes.count(1), changes.count(-1)
    if not better and not worse:
        return [f"Nothing has changed against {words.day(asked.compare)}."]
    return [
        f"Against {words.day(asked.compare)}, {words.count(better, 'criterion', 'criteria')} of departments "
        f"{'is' if better == 1 else 'are'} better and {worse or 'none'} worse."
    ]


def _headline_of_difference(grid: Grid) -> str:
    formal, own = _by_element(grid.standing), _by_element(grid.own)
    names = dict(grid.tree.select("department_code", "name").iter_rows())
    higher: dict[str | None, int] = {}
    compared: set[str | None] = set()
    for place, code in formal.keys() & own.keys():
        cell = _difference(formal, own, [(place, code)], grid.standard)
        if place in names and cell is not None:
            compared.add(place)
            higher[place] = higher.get(place, 0) + cell[0]
    above = {place: number for place, number in higher.items() if number}
    if not compared:
        return "No element here has both an own assessment and an assessor's band, so there is nothing to compare."
    if not above:
        return f"None of {words.count(len(compared), 'department')} rates itself higher than its assessors."
    most = max(above, key=lambda place: (above[place], names[place]))
    rate = "rates itself" if len(above) == 1 else "rate themselves"
    return (
        f"{len(above)} of {words.count(len(compared), 'department')} {rate} "
        f"higher than their assessors, in {words.count(sum(above.values()), 'element')}; "
        f"most of all {names[most]} ({above[most]})."
    )


def legend(grid: Grid, asked: Filters) -> Component:
    """What the signs mean in what is shown."""
    kinds: list[Component] = []
    if asked.basis == "difference":
        kinds.append(_signs(_DIFFERENCES))
    elif not asked.mode and asked.criterion != ALL:
        kinds.append(_signs([*((components.status_word(code), "") for code in STATUS), *_HEADROOMS]))
    if asked.basis != "difference" and (asked.mode == "bands" or asked.criterion):
        kinds.append(components.legend(grid.standard))
    if grid.before_headroom is not None:
        kinds.append(_signs(_CHANGES))
    return html.Div(kinds)


def _sign(words: str, name: str) -> Component:
    return html.Span(words, className=name, **components.HIDDEN)


_HEADROOMS = (
    (_sign("2/3", "hr-n"), "two partials of three allowed"),
    (_sign("1N", "hr-non"), "one non-compliant"),
    (_sign("4·", "hr-unknown"), "four not assessed"),
    (_sign("·", "b b-unknown"), "nothing assessed"),
)
_DIFFERENCES = (
    (_sign("↑", "diff diff-higher"), "the department rates itself higher than its assessors did"),
    (_sign("↓", "diff diff-lower"), "lower"),
    (_sign("=", "diff"), "the same"),
    (_sign("·", "b b-unknown"), "not rated by both"),
)
_CHANGES = ((_sign("↑ ↓", ""), "better, worse than on the day compared"),)


def _signs(items: Iterable[tuple[Component, str]]) -> Component:
    shown = [html.Li([sign, html.Span(said)] if said else [sign]) for sign, said in items]
    return html.Ul(shown, className="legend-list", **components.attributes(aria_label="What the signs mean"))
