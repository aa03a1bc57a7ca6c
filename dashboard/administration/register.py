"""A register kept by hand, row by row: the pages that sites and certificates have in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.wrappers import Response

from dashboard.administration import Route
from dashboard.administration.forms import (
    Act,
    Cell,
    Field,
    Table,
    Wrong,
    address,
    called,
    code_asked,
    history,
    kept_in,
    row_of,
    rows_of,
    taken,
    typed,
)
from dashboard.administration.frame import done, sent, shown
from dashboard.gate import needs
from dashboard.words import count
from db.roles import ADMINISTER
from scheme.tables import TABLES

Row = Mapping[str, Any]
_WHY = Field("why", "Why", hint="It is kept with the change.")


@dataclass(frozen=True)
class Register:
    """A register's pages: `fields` are those of its form, `listed` the cells of a row, `told` how its history is told.

    `fields` and `listed` are given what departments are called, by code.
    """

    table: str
    title: str
    one: str  # what a row is called: site
    lead: str
    headings: tuple[str, ...]
    listed: Callable[[Row, Mapping[str, str]], list[Cell]]
    fields: Callable[[], list[Field]]
    told: Mapping[str, str]
    parts: tuple[str, ...] = ("",)  # the lists that there are, by what is said of them
    part: Callable[[Row], str] = lambda _: ""

    @property
    def key(self) -> str:
        """The column that names a row."""
        return TABLES[self.table].key[0]

    def routes(self) -> tuple[Route, ...]:
        """The addresses of its pages."""
        views = (self._list, self._new, self._added, self._change, self._changed)
        page, new, added, change, changed = (_view(self.table, view) for view in views)
        post = ("POST",)
        return (
            *(Route("", page), Route("/new", new), Route("/new", added, post)),
            *(Route("/change", change), Route("/change", changed, post)),
        )

    def _list(self) -> Response:
        rows, names = rows_of(self.table), names_of_departments()
        parts: dict[str, list[list[Cell]]] = {part: [] for part in self.parts}
        for row in rows:
            name = Cell(row[self.key], address(self.table, "/change", code=row[self.key]))
            parts[self.part(row)].append([name, *self.listed(row, names)])
        empty = f"There are no {self.table} yet. Add one here, or load a table of {self.table}."
        tables = [
            Table(f"{count(len(body), self.one)}{part}", self.headings, body, empty)
            for part, body in parts.items()
            if body or not rows
        ]
        acts = [Act(f"Add a {self.one}", address(self.table, "/new"))]
        return shown("register", self.title, lead=self.lead, acts=acts, tables=tables[: len(rows) or 1])

    def _new(self) -> Response:
        return self._adding({})

    def _adding(self, told: Mapping[str, Any], wrong: Wrong | None = None) -> Response:
        form = [*self.fields(), _WHY]
        return self._form(f"Add a {self.one}", "/new", form, told, wrong)

    def _added(self) -> Response:
        told, row = self._sent()
        code = told[self.key]
        if any(one[self.key] == code for one in rows_of(self.table)):
            return self._adding(told, {self.key: f"There is a {self.one} {code} already; change it instead."})
        report, wrong = taken(self.table, row, self._labels(), told["why"])
        if wrong:
            return self._adding(told, wrong)
        return done(f"The {self.one} {code} is there now. {kept_in(report)}", address(self.table, "/change", code=code))

    def _change(self) -> Response:
        row = row_of(self.table, code_asked())
        many = {field.name for field in self.fields() if field.kind == "boxes"}
        told = {name: value if name in many else typed(value) for name, value in row.items()}
        return self._changing(row, told)

    def _changing(self, row: Row, told: Mapping[str, Any], wrong: Wrong | None = None) -> Response:
        code = row[self.key]
        names = names_of_departments()
        form = [Field(self.key, "Code", "hidden"), *(_with_ticked(one, row, names) for one in self.fields()[1:]), _WHY]
        past = history(self.table, code, self.told, names)
        return self._form(f"{self.one.capitalize()} {code}", "/change", form, told, wrong, past)

    def _changed(self) -> Response:
        told, row = self._sent()
        code, held = told[self.key], row_of(self.table, told[self.key])
        report, wrong = taken(self.table, row, self._labels(), told["why"])
        if wrong:
            return self._changing(held, told, wrong)
        return done(f"The {self.one} {code} is kept. {kept_in(report)}", address(self.table, "/change", code=code))

    def _sent(self) -> tuple[dict[str, Any], dict[str, str]]:
        """What the form sent, by field, and the same as a row of the table."""
        many = tuple(field.name for field in self.fields() if field.kind == "boxes")
        one = tuple(field.name for field in self.fields() if field.kind not in ("boxes", "heading"))
        told = sent(*one, "why", many=many)
        return told, {**{name: told[name] for name in one}, **{name: ";".join(told[name]) for name in many}}

    def _labels(self) -> dict[str, str]:
        return {field.name: field.label for field in self.fields()}

    def _form(
        self,
        title: str,
        below: str,
        form: list[Field],
        told: Mapping[str, Any],
        wrong: Wrong | None,
        past: Table | None = None,
    ) -> Response:
        up, action = Act(self.title, address(self.table)), address(self.table, below)
        tables = [past] if past else []
        return shown("form", title, wrong, up=up, action=action, form=form, told=told, do="Save", tables=tables)


def _with_ticked(field: Field, row: Row, names: Mapping[str, str]) -> Field:
    """Boxes with what is ticked now said above them, for it may lie out of sight."""
    if field.kind != "boxes" or not row[field.name]:
        return field
    ticked = ", ".join(names.get(code, code) for code in row[field.name])
    return replace(field, hint=f"{field.hint} Now: {ticked}.")


def names_of_departments() -> dict[str, str]:
    """What departments are called, with their codes."""
    return {row["department_code"]: called(row) for row in rows_of("departments")}


def _view(table: str, method: Callable[[], Response]) -> Callable[[], Response]:
    def view() -> Response:
        return method()

    view.__name__ = f"{table}{method.__name__}"
    view.__doc__ = f"See Register.{method.__name__}."
    return needs(ADMINISTER)(view)
