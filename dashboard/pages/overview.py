"""Overview: who fails, who is one partial from failing, who is silent, what comes next."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Children
from dashboard.filters import Filters
from dashboard.language import counted_said, mark
from dashboard.language import day_said as day
from dashboard.language import said as _
from dashboard.pages import verdicts
from dashboard.pages.arrivals import in_brief
from dashboard.pages.overview_facts import KINDS, Facts, silent
from dashboard.pages.verdicts import SHOWN, WORDS
from dashboard.table import Column, Row
from dashboard.words import count_said as count

_LISTED = 3


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Overview",
        components.headline(ids.OVERVIEW_HEADLINE),
        components.filter_bar("overview", "as_of", "basis", "department"),
        components.stack(
            components.place(ids.OVERVIEW_WEEK),
            html.Div(id=ids.OVERVIEW_CHIPS),
            components.table_place(ids.OVERVIEW_TABLE),
            html.P(id=ids.OVERVIEW_OTHERS, className="quiet"),
        ),
        is_told=True,
    )


def headline(facts: Facts) -> str:
    """The programme in a few facts; "on course" only when every check behind it passes."""
    said = verdicts.stand(facts.departments)
    if not said:
        return f"{verdicts.nothing(facts.day)}{_next(facts)}"
    course = _("On course.") + " " if _is_on_course(facts) else ""
    by = verdicts.by(facts.basis)
    return f"{course}{by}{' '.join([*said, *_troubles(facts), *_movement(facts)])}{_next(facts)}"


def _is_on_course(facts: Facts) -> bool:
    """Nobody fails, is at limit, incomplete, not assessed or silent; nothing is overdue; all owed can still be done."""
    rows = facts.departments
    sound = rows.filter(pl.col("shown").is_in(["passes", "indication"])).height == rows.height
    late = facts.forms.filter(pl.col("form_on") < facts.day).height + facts.actions.height + facts.certificates.height
    return sound and silent(rows).is_empty() and not late and not facts.hopeless and not facts.unsure


def _troubles(facts: Facts) -> list[str]:
    told = []
    if number := silent(facts.departments).height:
        told.append(
            counted_said(
                "{count} department has sent no result for a year.",
                "{count} departments have sent no result for a year.",
                number,
            )
        )
    if facts.hopeless:
        told.append(
            counted_said(
                "{count} certificate can no longer complete its cycle.",
                "{count} certificates can no longer complete their cycles.",
                facts.hopeless,
            )
        )
    return told


def _movement(facts: Facts) -> list[str]:
    by = verdicts.judged(facts.departments)["change"].drop_nulls().to_list()
    if not by:
        return []
    better, worse = by.count(1), by.count(-1)
    if not better and not worse:
        return [_("Against a year ago nobody is better or worse.")]
    named = {"better": better or _("none"), "worse": worse or _("none")}
    if better < 2:
        return [_("Against a year ago {better} is better, {worse} worse.", **named)]
    return [_("Against a year ago {better} are better, {worse} worse.", **named)]


def _next(facts: Facts) -> str:
    coming = facts.departments.filter(pl.col("next_on").is_not_null()).sort("next_on", maintain_order=True)
    if coming.is_empty():
        return ""
    row = coming.row(0, named=True)
    what = _(row["next_what"])
    named = {"name": row["name"], "what": f"{what[0].lower()}{what[1:]}", "day": day(row["next_on"])}
    return " " + _("Next: {name}, {what}, {day}.", **named)


# --- this week --------------------------------------------------------------------------------------------------------


def week(facts: Facts, asked: Filters | None = None) -> Component:
    """What is due, overdue or missing, in four cards; each says so when there is nothing. `asked`: for links."""
    quiet = silent(facts.departments)
    overdue = f"{_('Actions overdue')} ({facts.actions['overdue'].sum()})"
    cards = components.cards(
        _card(f"{_('Review forms due')} ({facts.forms.height})", facts, facts.forms, _form),
        _card(html.A(overdue, href=asked.href("actions")) if asked else overdue, facts, facts.actions, _actions),
        _card(f"{_('Silent for a year')} ({quiet.height})", facts, quiet, _silence),
        _card(f"{_('Certificates near their end')} ({facts.certificates.height})", facts, facts.certificates, _expiry),
    )
    return html.Section(cards, className="week", **components.attributes(aria_label=_("This week")))


def _card(title: Children, facts: Facts, rows: pl.DataFrame, say: Any) -> Component:
    told = [
        html.Li([html.Span(_name(facts, row), className="week-who"), " ", html.Span(say(row, facts.day))])
        for row in rows.iter_rows(named=True)
    ]
    return components.card(title, *_items(told))


def _items(told: Sequence[Component]) -> Iterable[Component]:
    yield html.Ul(list(told[:_LISTED])) if told else html.P(_("None."), className="quiet")
    if len(told) > _LISTED:
        yield components.details(
            counted_said("{count} more", "{count} more", len(told) - _LISTED), html.Ul(list(told[_LISTED:]))
        )


def _name(facts: Facts, row: dict[str, Any]) -> str:
    return facts.names.get(row["department_code"]) or row["department_code"]


def _form(row: dict[str, Any], today: date) -> str:
    kind = "" if row["assessment_type"] == "annual_review" else f"{_(KINDS[row['assessment_type']])}: "
    if row["form_on"] < today:
        return kind + _("overdue since {day}", day=day(row["form_on"]))
    return kind + _("due by {day}", day=day(row["form_on"]))


def _actions(row: dict[str, Any], _today: date) -> str:
    if row["overdue"] == 1:
        return _("1 action, due on {day}", day=day(row["due_on"]))
    return _("{actions}, the oldest due on {day}", actions=count(row["overdue"], "action"), day=day(row["due_on"]))


def _silence(row: dict[str, Any], _today: date) -> str:
    return _("no result yet") if row["last_on"] is None else _("last result {day}", day=day(row["last_on"]))


def _expiry(row: dict[str, Any], today: date) -> str:
    if row["expires_on"] <= today:
        return _("expired on {day}", day=day(row["expires_on"]))
    return _("expires on {day}", day=day(row["expires_on"]))


# --- every department -------------------------------------------------------------------------------------------------


def chips(facts: Facts, asked: Filters) -> Component:
    """The statuses with how many departments have each; the one chosen filters the table."""
    rows = facts.departments
    items = [(mark("All"), rows.height, asked.href(status=""), not asked.status)]
    for code in SHOWN:
        number = rows.filter(pl.col("shown") == code).height
        if number or code in ("fails", "at_limit", "incomplete", "passes", asked.status):
            items.append((WORDS[code], number, asked.href(status=code), asked.status == code))
    items.append((mark("Silent"), silent(rows).height, asked.href(status="silent"), asked.status == "silent"))
    return components.chips(items, "Show departments")


def departments_table(facts: Facts, asked: Filters, came: pl.DataFrame | None = None) -> str:
    """Every department, worst first, cut to the chosen status; `came`: dashboard.data.arrivals, for who may see it."""
    rows = facts.departments
    if asked.status == "silent":
        rows = silent(rows)
    elif asked.status:
        rows = rows.filter(pl.col("shown") == asked.status)
    columns = [
        Column("department", "Department"),
        Column("status", "Status", "status"),
        Column(
            "why", "Tightest criterion", title="The criterion nearest to failing, and why", sortable=False, width=225
        ),
        Column("change", "Since last year", "change", "Against the same day a year before"),
        Column("next_on", "Next date", "day"),
    ]
    arrived = None
    if came is None:
        title = mark("The newest result of any kind, here or below")
        columns.append(Column("last_on", "Latest result", "day", title, first_descending=True))
    else:
        columns.append(
            Column("arrivals", "Arrivals", title="What is expected next, and how old the last is", width=190)
        )
        arrived = {row["department_code"]: row for row in came.iter_rows(named=True)}
    return table.table_json(
        "Departments, worst first",
        columns,
        [_row(row, asked, arrived) for row in rows.iter_rows(named=True)],
        find="url",
        empty="No department matches.",
        say=_("{rows} shown", rows=count(rows.height, "row")),
    )


def _row(row: dict[str, Any], asked: Filters, arrived: dict[str | None, dict[str, Any]] | None) -> Row:
    last = row["last_on"] if arrived is None else in_brief(arrived.get(row["department_code"]), asked)
    name = row["name"] if row["is_named"] else _("{name} (please confirm)", name=row["name"])
    return Row(
        row["department_code"] or "",
        [
            table.text(name, row["path"] or None),
            verdicts.cell(row),
            verdicts.reason(row),
            None if row["change"] is None else table.change(row["change"], row["change_words"]),
            table.day(row["next_on"], row["next_what"] and _(row["next_what"])),
            last,
        ],
        href=asked.href("heatmap", department=row["department_code"]),
        name=row["name"],
    )
