"""How a form of one row goes: opened empty or on what is said now, checked, taken by the way in, and told of after.

A form is a whole statement: an empty field takes back what was said (etl.run.load_rows). So nobody may overwrite what
they have not seen: the form carries which saying of the row it was opened on, and where that is not the one that holds
now, it is shown again with what holds filled into its empty fields, and nothing is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from dashboard.administration.forms import Act, Cell, Field, Table, Wrong, faults, sender, typed
from dashboard.administration.frame import done, shown, today
from dashboard.entering import START
from dashboard.entering.choices import CORPORATE, Choices, choices
from dashboard.identity import current_scope
from dashboard.words import listing, moment
from db.loading import BY_HAND
from db.registers import sayings
from db.session import open_session
from etl.run import Refused, said_by_hand
from scheme.errors import UsageError
from scheme.tables import TABLES

Told = dict[str, str]  # field -> what stands in it
Held = Mapping[str, Any]  # a row as it holds now: its columns, load_number, file_number, row_number
Reader = Callable[[Any, Mapping[str, str]], list[dict[str, Any]]]  # session, key columns -> rows of the table

WHY = Field("why", "Why", hint="Say it in a few words; it is kept with the change.", needed=True)
SEEN = Field("seen", "", "hidden")
SHORT = 100  # characters of what is said that a list to choose from shows
NOTHING = "The form said nothing new, so nothing was changed."
GONE = "What this form was opened on is no longer there. Look through it, and save it again to say it anew."


@dataclass(frozen=True)
class Kind:
    """What one form is about.

    `fields`: of the form, given the choices; `fixed`: columns that it says without asking; `near`: whether so much is
    asked that the rows there are can be offered for correction; `headings` and `listed`: what lists tell of a row.
    `where` says what a row is about and `which` of that it is, `value` its main column in words, `acts` where it is to
    be seen. `refuses`: why a row that is held may not be corrected here, or "".
    """

    name: str
    table: str
    one: str  # a result
    lead: str
    fields: Callable[[Choices], Sequence[Field]]
    rows: Reader
    near: Callable[[Mapping[str, str]], bool]
    headings: tuple[str, ...]
    listed: Callable[[Held, Choices], list[str]]
    where: Callable[[Mapping[str, str], Choices], str]
    which: Callable[[Mapping[str, str], Choices], str]
    value: Callable[[Mapping[str, str], Choices], str]
    acts: Callable[[Mapping[str, str]], list[Act]]
    fixed: Mapping[str, str]
    usual: Mapping[str, str]  # what an empty form holds
    refuses: Callable[[Held], str] = lambda _: ""
    fixes: Callable[[Held], Sequence[str]] | None = None
    opens: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    beside: tuple[str, ...] = ()
    also: Callable[[Any, Mapping[str, str], Held | None], tuple[list[dict[str, str]], Wrong]] = lambda *_: ([], {})
    up: Act = Act("Arrivals", "/arrivals")  # noqa: RUF009  # frozen

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that say what the row is of."""
        return TABLES[self.table].key

    @property
    def path(self) -> str:
        """Where the form is."""
        return f"{START}/{self.name}"

    def about(self, told: Mapping[str, str], may: Choices) -> str:
        """What a row is of, in words."""
        return f"{self.where(told, may)}, {self.which(told, may)}"

    def address(self, told: Mapping[str, str]) -> str:
        """The form opened on a row."""
        named = {name: told[name] for name in self.key if told.get(name)} if self.opens is None else self.opens(told)
        return f"{self.path}?{urlencode(named)}"

    def fixed_in(self, held: Held) -> Sequence[str]:
        """The fields that stay as they are where this row is held."""
        return self.key if self.fixes is None else self.fixes(held)


def opened(kind: Kind, asked: Mapping[str, str]) -> Response:
    """The form as an address asks for it: on the row that its key names, or with what it names filled in.

    What the person may not speak of is left out, and looks the same as what does not exist (reliability.md T6).
    """
    may = choices(current_scope())
    told: Told = {**kind.usual, **kind.fixed, **{name: value for name, value in asked.items() if value}}
    for name in _unknown(told, may):
        told[name] = ""
    held = _held(kind, told, may)
    if held is not None and kind.refuses(held):
        return _page(kind, {**told, **dict.fromkeys(kind.key, "")}, may, None, {"": kind.refuses(held)})
    return _page(kind, told if held is None else told | _texts(kind, held) | {"seen": _place(held)}, may, held)


def taken(kind: Kind, told: Told) -> Response:
    """Take a form that was sent, or show it again with what is wrong beside each field."""
    scope = current_scope()
    may = choices(scope)
    told = {**told, **kind.fixed}
    told = {name: value.replace("\r\n", "\n") for name, value in told.items()}
    wrong: Wrong = dict.fromkeys(_unknown(told, may), "Choose one of the list.")
    if wrong:  # nothing is looked up for what is not the sender's
        return _page(kind, told, may, None, _needed(kind, told, may) | wrong)
    labels = {field.name: field.label for field in kind.fields(may)}
    try:
        with open_session(scope, write=True) as session:
            held = _found(kind, session, told, may)
            if held is not None and kind.refuses(held):
                return _page(kind, told, may, None, {"": kind.refuses(held)})
            if held is None and told["seen"]:
                return _page(kind, told | {"seen": ""}, may, None, {"": GONE})
            if held is not None and told["seen"] != _place(held):
                return _looked_through(kind, told, may, held)
            before = {} if held is None else _texts(kind, held)
            if before and all(told[name] == value for name, value in before.items()):
                return done(NOTHING, kind.address(told))
            if wrong := _needed(kind, told, may):
                return _page(kind, told, may, held, wrong)
            row = {name: _plain(told[name]) for name in TABLES[kind.table].names if name in told}
            more, wrong = kind.also(session, row | {name: told[name] for name in kind.beside}, held)
            if wrong:
                return _page(kind, told, may, held, wrong)
            report = said_by_hand(
                session, scope, {kind.table: [row, *more]}, sent_by=sender(scope), why=told["why"], today=today()
            )
            after = _found(kind, session, told, may)
            now = told if after is None else _texts(kind, after)
    except Refused as refused:
        wrong = {name: why for one in refused.report.rejected for name, why in faults(one.why, labels).items()}
        return _page(kind, told, may, _held(kind, told, may), wrong)
    except UsageError as error:
        return _page(kind, told, may, _held(kind, told, may), {"": f"{str(error)[:1].upper()}{str(error)[1:]}."})
    if not report.files[0].loaded:
        return done(NOTHING, kind.address(told))
    changed = [labels[name].lower() for name in labels if name in now and now[name] != before.get(name, "")]
    kept = f"It is kept as load {report.load_number}; what was said before stays in the history below."
    return done(f"{_sentence(kind, before, now, changed, may)} {kept}", kind.address(told))


def _looked_through(kind: Kind, told: Told, may: Choices, held: Held) -> Response:
    """The form again, where it was not opened on what holds now: its empty fields filled with that."""
    filled = {name: told.get(name) or value for name, value in _texts(kind, held).items()}
    words = (
        f"There is something said of this already: {kind.value(_texts(kind, held), may)}. What it says now was filled "
        "into the empty fields. Look through the form, change what is wrong, and save it again."
    )
    return _page(kind, {**told, **filled, "seen": _place(held)}, may, held, {"": words})


def _sentence(kind: Kind, before: Mapping[str, str], now: Mapping[str, str], changed: list[str], may: Choices) -> str:
    about, new = kind.about(now, may), kind.value(now, may)
    if not before:
        return f"{about}: {new}. Nothing was said of it before."
    old = kind.value(before, may)
    if old != new:
        return f"{about}: from {old} to {new}."
    return f"{about}: {new} as before; changed: {listing(changed) or 'how it is said'}."


# --- what is held -----------------------------------------------------------------------------------------------------


def _plain(value: str) -> str:
    return "" if value == CORPORATE else value


def _held(kind: Kind, told: Mapping[str, str], may: Choices) -> dict[str, Any] | None:
    with open_session(current_scope()) as session:
        return _found(kind, session, told, may)


def _found(kind: Kind, session: Any, told: Mapping[str, str], may: Choices) -> dict[str, Any] | None:
    """The row that the key names; None where the key is not whole, names none, or one that is not the person's."""
    key = {name: _plain(told.get(name, "")) for name in kind.key}
    rows = kind.rows(session, told) if any(key.values()) else []
    own = [row for row in rows if not _unknown(_texts(kind, row), may)]
    return next((row for row in own if all(typed(row[name]) == key[name] for name in key)), None)


def _texts(kind: Kind, held: Held) -> Told:
    """A row as the fields of its form have it."""
    texts = {}
    for column in TABLES[kind.table].columns:
        if column.name in {*kind.usual, *kind.fixed}:
            value = held[column.name]
            text = "; ".join(value) if isinstance(value, list) else typed(value)
            texts[column.name] = text or ("no" if column.kind == "flag" else "")
    texts |= {name: held[name] for name in kind.beside}
    if texts.get("department_code") == "":
        texts["department_code"] = CORPORATE
    return texts


def _place(held: Held) -> str:
    """Which saying of a row it is."""
    return f"{held['load_number']}.{held['file_number']}.{held['row_number']}"


# --- what is wrong ----------------------------------------------------------------------------------------------------


def _unknown(told: Mapping[str, str], may: Choices) -> list[str]:
    """The fields that name what the person may not choose."""
    known: dict[str, Any] = {"department_code": may.departments, "site_code": may.sites}
    known["element"] = may.standard.element
    return [name for name, among in known.items() if told.get(name) and told[name] not in among]


def _needed(kind: Kind, told: Mapping[str, str], may: Choices) -> Wrong:
    """The fields that are needed and empty."""
    wrong = {}
    for field in (*kind.fields(may), WHY):
        if field.needed and not told.get(field.name):
            what = "Choose one" if field.kind == "select" else "Fill it in"
            wrong[field.name] = f"{field.label} is empty. {what}."
    return wrong


# --- the page ---------------------------------------------------------------------------------------------------------


def _page(kind: Kind, told: Told, may: Choices, held: Held | None, wrong: Wrong | None = None) -> Response:
    form = list(kind.fields(may))
    if held is not None:  # what it is of stands above; another of these would be another row
        fixed = kind.fixed_in(held)
        form = [Field(field.name, "", "hidden") if field.name in fixed else field for field in form]
        told = {**told, **{name: value for name, value in _texts(kind, held).items() if name in fixed}}
    form = [_offering(kind, field, told) for field in form]
    texts = {} if held is None else _texts(kind, held)
    with open_session(current_scope()) as session:
        if held is not None:
            tables = [_history(kind, session, held, may)]
        else:
            tables = _near(kind, session, told, may) if kind.near(told) else []
    facts = []
    if held is not None:
        facts = [("What", kind.about(texts, may)), ("Says now", kind.value(texts, may)), ("Said in", _origin(held))]
    return shown(
        "form",
        f"{'Enter' if held is None else 'Correct'} {kind.one}",
        wrong,
        up=kind.up,
        action=kind.path,
        form=[*form, WHY, SEEN],
        told=told,
        do="Save",
        lead=kind.lead if held is None else "",
        facts=facts,
        acts=kind.acts(texts) if texts else [],
        tables=tables,
    )


def _offering(kind: Kind, field: Field, told: Told) -> Field:
    """The field, offering a word of the sender's own beside those it has, so that saving does not take it back."""
    table, value = TABLES[kind.table], told.get(field.name, "")
    is_free = field.kind == "select" and field.name in table.names and table.column(field.name).kind == "text"
    if not is_free or value in {choice[0] for choice in field.choices}:
        return field
    return replace(field, choices=[*field.choices, (value, value)])


def _origin(row: Held) -> str:
    """The file, row, load and sender of what the person may speak of, as the details of a cell tell it."""
    where = "by hand" if row["file"] == BY_HAND else f"{row['file']}, row {row['row_number']}"
    return f"{where}, load {row['load_number']}, from {row['sent_by']}"


def _history(kind: Kind, session: Any, held: Held, may: Choices) -> Table:
    rows = []
    for one in sayings(session, kind.table, _named(kind, held), past=True):
        if all(one[name] == held[name] for name in kind.key):
            when = Cell(moment(one["loaded_at"]), small="holds now" if one["superseded_by_load"] is None else "")
            rows.append([when, *(Cell(text) for text in kind.listed(one, may)), Cell(_origin(one))])
    return Table("History: what was said, newest first", ("Known from", *kind.headings, "Said in"), rows)


def _named(kind: Kind, held: Held) -> dict[str, str | bool]:
    """The columns of the key that are codes, as the warehouse keeps them."""
    table = TABLES[kind.table]
    codes = [name for name in kind.key if name not in table.names or table.column(name).kind in ("code", "element")]
    return {name: held[name] or "" for name in codes}


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1].rstrip()}…"


def _near(kind: Kind, session: Any, told: Told, may: Choices) -> list[Table]:
    """What is said already near what the form was opened for: to correct one of these, choose it."""
    rows = []
    for one in kind.rows(session, told):
        texts = _texts(kind, one)
        if not _unknown(texts, may) and not kind.refuses(one):
            which = kind.which(texts, may)
            link = Cell(f"{which[:1].upper()}{which[1:]}", kind.address(texts))
            rows.append([link, *(Cell(_short(text)) for text in kind.listed(one, may))])
    return [Table("Said already: choose one to correct it", ("What", *kind.headings), rows)] if rows else []
