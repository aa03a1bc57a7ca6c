"""A page as somebody sees it, as plain blocks: its layout, filled by the page's own callbacks, read from top to bottom.

So a file says what the screen says, of every page that there is, and a page that is changed changes its files.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib import import_module
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from dash import Dash, Input, Output
from dash.development.base_component import Component
from flask import Flask, g

from dashboard import data, ids, shell
from dashboard.callbacks import drawer
from dashboard.exports.document import About, Block, Chart, Column, Facts, Grid, Heading, Page, Paragraph, Points, Row
from dashboard.exports.said_cells import said
from dashboard.filters import BASES, Filters, filters
from dashboard.gate import needed
from dashboard.language import speaking
from dashboard.words import day, moment, organisation
from db import reads
from db.session import Scope, open_session
from scheme.errors import Forbidden, UsageError
from scheme.standard import Profile

_INLINE = frozenset({"A", "Abbr", "B", "Br", "Code", "Em", "Small", "Span", "Strong", "I", "Time"})
# What is there to be worked with, and says nothing of the data.
_CONTROLS = frozenset({"Button", "Form", "Input", "Label", "Nav", "Select", "Store", "Template", "Textarea", "Header"})
_CONTROL_CLASSES = frozenset({"files", "freshness", "message", "visually-hidden"})
_APP = Flask("dashboard.exports")
_MORE = " more"  # ends the line behind which the rest of a list is: on paper there is room for it
_STOP = "\x1f"  # where a label ends and what it is about begins


@dataclass(frozen=True)
class _Filling:
    """A callback of a page: the places that it fills, what it is given, and the function."""

    places: tuple[tuple[str, str], ...]
    given: tuple[str, ...]
    fill: Callable[..., Any]


@dataclass
class _Recorder:
    """Stands where an app stands in `register(app)` and keeps what is wired; routes and scripts are not ours here."""

    fillings: list[_Filling] = field(default_factory=list)

    def callback(self, *wired: Any, **_: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        places = tuple((str(one.component_id), one.component_property) for one in wired if isinstance(one, Output))
        given = tuple(str(one.component_id) for one in wired if isinstance(one, Input))

        def keep(fill: Callable[..., Any]) -> Callable[..., Any]:
            self.fillings.append(_Filling(places, given, fill))
            return fill

        return keep

    def clientside_callback(self, *_: Any, **__: Any) -> None:
        """What runs in the browser alone fills nothing here."""

    @property
    def server(self) -> "_Recorder":
        return self

    def get(self, *_: Any, **__: Any) -> Callable[[Any], Any]:
        return lambda view: view


@cache
def _fillings(name: str) -> tuple[_Filling, ...]:
    recorder = _Recorder()
    import_module(f"dashboard.callbacks.{name}").register(recorder)
    known = _known(name)
    if known.opens:
        drawer.register(cast(Dash, recorder), name, known.needs)
    return tuple(one for one in recorder.fillings if one.given and set(one.given) <= {ids.VIEW, ids.CELL})


def _known(name: str) -> shell.Page:
    for known in shell.PAGES:
        if known.name == name:
            return known
    raise UsageError(f"there is no page {name}")


def page(scope: Scope, address: str) -> Page:
    """A page of the menu as this scope sees it at an address ("/heatmap?as_of=2026-03-01"); its open drawer as well.

    Forbidden where the scope may not see it, UsageError where there is no such page or the address is wrong.
    """
    parts = urlsplit(address)
    known = _known(next((one.name for one in shell.PAGES if one.path == (parts.path or "/")), parts.path))
    if not scope.may(known.needs):
        raise Forbidden(f"your role does not include the page {known.title}")
    opened = dict(parse_qsl(parts.query)).get("cell", "")
    filled: dict[tuple[str, str], Any] = {}
    with speaking("en"), _APP.app_context():  # files are in English as a whole, whoever takes them
        g.scope = scope
        asked = filters(address, known.name)
        for one in _fillings(known.name):
            if ids.CELL in one.given and not opened:
                continue
            if not all(scope.may(need) for need in (needed(one.fill) or "").split()):
                raise Forbidden(f"your role does not include all of the page {known.title}")
            told = one.fill(*(opened if given == ids.CELL else address for given in one.given))
            filled.update(zip(one.places, told if len(one.places) > 1 else (told,), strict=True))
        layout = import_module(f"dashboard.pages.{known.name}").layout()
        reader = _Reader(filled)
        blocks = tuple(reader.blocks(layout))
        return Page(known.name, known.title, address, blocks, _chosen(scope, asked, reader), tuple(reader.folded))


def about(scope: Scope, as_of: date, known_at: datetime, made_at: datetime) -> About:
    """What stands on every page of a file for this scope, of a day as known at a moment.

    Loads are numbered for the whole organisation, so whoever sees a part of it is told the moment alone (T12).
    """
    view = data.view(scope, known_at)
    known = data.programme(view)
    with open_session(scope) as session:
        newest = reads.load_known(session, known_at)
    named = [None, *sorted(set(known.certificates["profile"].drop_nulls()))]
    profiles = dict.fromkeys(_version(known.profile(as_of, name)) for name in named)
    return About(
        scope.tenant_code,
        organisation(scope.tenant_name),
        as_of,
        known_at,
        (newest or None) if data.sees_all(view) else None,
        tuple(profiles),
        made_at,
        scope.email,
        shell.is_fictional(scope.tenant_name),
    )


def _version(profile: Profile) -> str:
    since = profile.in_force_from
    return f"{profile.name}, in force from {day(since)}" if since else profile.name


def frozen(address: str, as_of: date, known_at: datetime) -> str:
    """An address with the snapshot written into it: the same page, which then never moves."""
    parts = urlsplit(address)
    kept = {key: value for key, value in parse_qsl(parts.query) if key not in ("as_of", "known_at")}
    asked = {**kept, "as_of": as_of.isoformat(), "known_at": f"{known_at:%Y-%m-%dT%H:%M:%S.%fZ}"}
    return f"{parts.path}?{urlencode(asked)}"


# --- what was asked, in words -----------------------------------------------------------------------------------------

_BASES = dict(zip(BASES, ("Assessed", "Own", "Desk", "Own against assessed"), strict=True))


def _chosen(scope: Scope, asked: Filters, reader: "_Reader") -> tuple[tuple[str, str], ...]:
    """The filters of an address with their labels: what every page has, then the page's own choices."""
    names = data.names_with_organisation(data.view(scope, asked.known_at))
    told: list[tuple[str, str]] = []
    if asked.compare:
        told.append(("Compared with", day(asked.compare)))
    if asked.basis != BASES[0]:
        told.append(("Basis", _BASES[asked.basis]))
    if asked.department:
        told.append(("Department", names.get(asked.department) or asked.department))
    if asked.known_at:
        told.append(("As known on", moment(asked.known_at)))
    given = dict(asked.given)
    for key, (label, options) in reader.choices.items():
        if given.get(key) and key not in ("as_of", "compare", "basis", "department", "known_at"):
            told.append((label, options.get(given[key], given[key])))
    return tuple(told)


# --- the tree of components, from top to bottom -----------------------------------------------------------------------


@dataclass
class _Reader:
    """Reads a filled layout; collects beside the blocks what is folded away and the page's own choices."""

    filled: Mapping[tuple[str, str], Any]
    folded: list[Block] = field(default_factory=list)
    choices: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def blocks(self, node: Any) -> Iterator[Block]:
        """The blocks of a component and all that is in it; words beside each other make one paragraph."""
        if isinstance(node, list | tuple):
            yield from self._in_a_row(node)
            return
        if not isinstance(node, Component):
            yield from _paragraph(_tidy(_words(node, self)))
            return
        kind, classes = node._type, set((_prop(node, "className") or "").split())
        if kind in _CONTROLS or classes & _CONTROL_CLASSES or _prop(node, "hidden"):
            return
        if _prop(node, "data-filters"):
            self._choices(node)
        elif self._of(node, "data-table"):
            yield self._grid(node)
        elif kind == "Figure":
            yield self._chart(node)
        elif kind in ("H2", "H3", "H4"):
            yield Heading(int(kind[1]), _tidy(_words(node, self)))
        elif kind in ("Ul", "Ol"):
            yield from self._points(node, classes, kind == "Ol")
        elif kind == "Dl":
            yield self._facts(node)
        elif kind == "Details":
            yield from self._fold(node)
        elif kind == "P" or kind in _INLINE:
            lead = "lead" if "headline" in classes else "note" if classes & {"quiet", "note"} else "plain"
            if not _is_way_on(node):
                yield from _paragraph(_tidy(_words(node, self)), lead)
        elif kind not in ("H1", "Summary"):
            yield from self.blocks(_list(self._of(node, "children")))

    def _in_a_row(self, nodes: Sequence[Any]) -> Iterator[Block]:
        words: list[str] = []
        for node in nodes:
            if node is None or isinstance(node, str | int | float) or getattr(node, "_type", "") in _INLINE:
                if not (isinstance(node, Component) and _is_way_on(node)):
                    words.append(_words(node, self))
                continue
            yield from _paragraph(_tidy("".join(words)))
            words = []
            yield from self.blocks(node)
        yield from _paragraph(_tidy("".join(words)))

    def _of(self, node: Component, name: str) -> Any:
        return self.filled.get((_prop(node, "id"), name), _prop(node, name))

    def _grid(self, node: Component) -> Grid:
        return grid(_prop(node, "id") or "table", json.loads(self._of(node, "data-table")))

    def _chart(self, node: Component) -> Chart:
        found = list(_inside(node, self))
        drawn = next(one for one in found if one._type == "Graph")
        table = next((one for one in found if self._of(one, "data-table")), None)
        title, *told = [one for one in found if one._type in ("H2", "P")]
        summary = _tidy(_words(told[0], self)) if told else ""
        name = _tidy(_words(title, self))
        return Chart(
            _prop(node, "id"), name, summary, _prop(drawn, "figure"), None if table is None else self._grid(table)
        )

    def _points(self, node: Component, classes: set[str], is_ordered: bool) -> Iterator[Block]:
        items = [item for item in _list(self._of(node, "children")) if isinstance(item, Component)]
        if "legend-list" in classes:
            signs = tuple(_tidy(_words(item, self, with_signs=True)) for item in items)
            yield Paragraph(f"Signs: {'; '.join(sign for sign in signs if sign)}.", "note")
            return
        told = tuple(_tidy(_words(item, self)) for item in items if not _is_way_on(item))
        if any(told):
            yield Points(tuple(item for item in told if item), is_ordered)

    def _facts(self, node: Component) -> Facts:
        told: dict[str, list[str]] = {}
        label = ""
        for one in _inside(node, self):
            if one._type == "Dt":
                label = _tidy(_words(one, self))
            elif one._type == "Dd" and (words := _tidy(_words(one, self))):
                told.setdefault(label, []).append(words)
        return Facts(tuple((label, ", ".join(words)) for label, words in told.items()))

    def _fold(self, node: Component) -> Iterator[Block]:
        first, *rest = _list(self._of(node, "children"))
        line = _tidy(_words(first, self))
        inner = _Reader(self.filled, self.folded, self.choices)
        hidden = list(inner.blocks(rest))
        if line.endswith(_MORE):
            yield from hidden
        elif hidden:
            self.folded += [Heading(2, line), *hidden]
            yield Paragraph(line, "note")

    def _choices(self, node: Component) -> None:
        late = json.loads(self._of(node, "data-options") or "{}")
        for control in json.loads(_prop(node, "data-filters")):
            if isinstance(control, dict):
                pairs = [*control["options"], *late.get(control["name"], [])]
                self.choices[control["name"]] = (control["label"], dict(pairs))
        for name, pairs in late.items():
            self.choices.setdefault(name, (name.replace("_", " ").capitalize(), dict(pairs)))


def grid(place: str, told: Mapping[str, Any]) -> Grid:
    """What dashboard.table.table_json wrote, as a grid; every row of a tree, whether it is open or not."""
    groups = told.get("groups", ())
    columns = tuple(
        Column(
            one["k"],
            one["l"],
            one.get("t") or one["l"],
            one["n"],
            tuple(groups[number].get("t") or groups[number]["l"] for number in one.get("g", ())),
        )
        for one in told["columns"]
    )
    rows = []
    for row in told["rows"]:
        cells = tuple(said(column.kind, value, told["bands"]) for column, value in zip(columns, row["c"], strict=True))
        rows.append(Row(cells, row.get("n") or (cells[0].words if cells else ""), row.get("d", 0)))
    return Grid(place, told["caption"], columns, tuple(rows), told.get("note", ""))


def _prop(node: Component, name: str) -> Any:
    return getattr(node, name, None)


def _list(children: Any) -> list[Any]:
    return list(children) if isinstance(children, list | tuple) else [] if children is None else [children]


def _inside(node: Any, reader: _Reader) -> Iterator[Component]:
    """Every component below one, in the order of reading."""
    for child in _list(reader._of(node, "children")):
        if isinstance(child, Component):
            yield child
            yield from _inside(child, reader)


def _words(node: Any, reader: _Reader, *, with_signs: bool = False) -> str:
    """All the words of a component; a space where a block ends, nothing of pictures."""
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return "".join(_words(one, reader, with_signs=with_signs) for one in node)
    if not isinstance(node, Component):
        return str(node)
    classes = (_prop(node, "className") or "").split()
    is_silent = _prop(node, "aria-hidden") == "true" and not with_signs
    if is_silent or node._type in _CONTROLS or set(classes) & _CONTROL_CLASSES:
        return ""
    told = _words(reader._of(node, "children"), reader, with_signs=with_signs)
    if "chip" in classes:
        return f"{told}{_STOP}"
    return told if node._type in _INLINE and not with_signs else f" {told} "


def _leaves(node: Component) -> bool:
    """Whether it is a link to a plain page, where something is done."""
    return node._type == "A" and _prop(node, "data-reload") is not None


def _tidy(words: str) -> str:
    labels = (part.strip(" ") for part in " ".join(words.replace(_STOP, "\0").split()).split("\0"))
    return ": ".join(part for part in labels if part)


def _paragraph(text: str, kind: Any = "plain") -> Iterator[Block]:
    if text:
        yield Paragraph(text, kind)


def _is_way_on(node: Any) -> bool:
    """Whether something is nothing but links to elsewhere: on paper it leads nowhere."""
    if not isinstance(node, Component):
        return node is None or not str(node).strip(" ,.;:·|")
    if node._type == "A":
        return True
    if node._type == "P" and any(isinstance(one, Component) and _leaves(one) for one in _list(_prop(node, "children"))):
        return True
    if _prop(node, "aria-hidden") == "true":
        return True
    inside = _list(_prop(node, "children"))
    return node._type in ("P", "Li", "Span", "Div") and bool(inside) and all(_is_way_on(one) for one in inside)
