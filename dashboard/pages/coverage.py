"""Coverage: which elements were looked at in a certificate's cycle, which are owed, and whether it can be completed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice
from dashboard.filters import Filters
from dashboard.language import counted_said, is_english, mark
from dashboard.language import day_said as day
from dashboard.language import said as _
from dashboard.pages.certificates import Names, called, facts, is_list, lapsed, time_left, until, with_ends
from dashboard.table import Column, Group, Row
from dashboard.words import count_said as count
from dashboard.words import listing_said as listing
from scheme.standard import Criterion, Standard

# What the states of scheme.coverage are called on screen: four, and two quiet ones (measures.md section 4).
STATE = {
    "covered": "looked_at",
    "satisfied": "elsewhere",
    "planned": "planned",
    "missed": "missed",
    "due": "owed",
    "open": "open",
}
YEAR = {"over": mark("over"), "running": mark("running"), "to_come": mark("to come")}
COMPLETES = {
    True: ("passes", mark("Yes")),
    False: ("fails", mark("No")),
    None: ("incomplete", mark("Not known")),
}
NO_LIST = mark("Annual list not set: ask your certification body.")


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Coverage",
        components.headline(ids.COVERAGE_HEADLINE),
        components.filter_bar("coverage", "as_of", "department", Choice("certificate", "Certificate")),
        components.stack(
            components.table_place(ids.COVERAGE_CERTIFICATES),
            components.place(ids.COVERAGE_CHOSEN),
            components.table_place(ids.COVERAGE_CRITERIA),
            html.Div(
                [
                    html.Div(id=ids.COVERAGE_CHIPS),
                    components.table_place(ids.COVERAGE_MATRIX),
                    html.Div(id=ids.COVERAGE_LEGEND),
                ]
            ),
            components.table_place(ids.COVERAGE_YEARS),
        ),
        components.drawer("coverage"),
        is_told=True,
    )


def by_certificate(
    coverage: pl.DataFrame, completion: pl.DataFrame, certificates: pl.DataFrame, today: date
) -> pl.DataFrame:
    """scheme.coverage.completion with what else one asks of a certificate, those that need most first.

    Adds missed and planned (elements with such a year), owed_planned (owed and in a planned review), per_review_left
    (owed for each review left), and what pages.certificates.with_ends adds. First those that cannot be completed, then
    those of which it is not known, then the most owed per review left against what a review looks at; those no longer
    in force last.
    """
    planned = pl.col("years").list.contains("planned")
    cells = coverage.group_by("certificate_code").agg(
        missed=pl.col("years").list.contains("missed").sum(),
        planned=planned.sum(),
        owed_planned=(planned & pl.col("outstanding")).sum(),
    )
    rows = completion.join(cells, on="certificate_code", maintain_order="left").with_row_index("place")
    rows = with_ends(rows, certificates, today).with_columns(
        per_review_left=pl.when(pl.col("reviews_left") > 0).then(pl.col("outstanding") / pl.col("reviews_left"))
    )
    hope = pl.when(pl.col("can_complete")).then(2).when(pl.col("can_complete").is_null()).then(1).otherwise(0)
    load = (pl.col("per_review_left") / pl.col("elements_per_review")).fill_null(0)
    return rows.sort(~pl.col("in_force"), hope, -load, -pl.col("outstanding"), "place")


def headline(rows: pl.DataFrame, row: Mapping[str, Any], names: Names, asked: Filters) -> str:
    """How all cycles stand; of one certificate how far its cycle is, what is owed, how long there is."""
    if not is_list(rows, asked):
        return _(
            "{certificate}: {covered} of {elements} ({share}) looked at in this cycle, {owed} owed, {until}.",
            certificate=called(row, names),
            covered=row["covered"],
            elements=count(row["elements"], "element"),
            share=_percent(row),
            owed=row["outstanding"] or _("none"),
            until=until(row, asked.as_of),
        )
    running = rows.filter("in_force")
    if running.is_empty():
        return _("None of {certificates} is in force on this day.", certificates=count(rows.height, "certificate"))
    late = [names.get(code, "") for code in running.filter(~pl.col("can_complete"))["department_code"]]
    unknown = running.filter(pl.col("can_complete").is_null()).height
    done = running.filter(pl.col("outstanding") == 0).height
    said = []
    if late:
        named = {"cycles": count(len(late), "cycle"), "holders": listing(late, 3)}
        said.append(_("{cycles} cannot be completed at the pace so far ({holders})", **named))
    said += [_("{count} may or may not be completed, which is not known yet", count=unknown)] if unknown else []
    said += [counted_said("{count} owes nothing now", "{count} owe nothing now", done)] if done else []
    return counted_said(
        "{count} certificate is in force: {how}.",
        "{count} certificates are in force: {how}.",
        running.height,
        how=listing(said or [_("every cycle can still be completed")]),
    )


def _percent(row: Mapping[str, Any]) -> str:
    return f"{100 * row['covered'] // row['elements']} %"


def about(row: Mapping[str, Any], today: date) -> list[Component]:
    """The figures of one certificate, and whether its cycle can still be completed, with both numbers."""
    owed, planned = row["outstanding"], row["owed_planned"]
    told = [
        (
            _("Looked at"),
            _("{count} of {all}", count=row["covered"], all=row["elements"]),
            _("{share} of the elements", share=_percent(row)),
        ),
        (_("Owed"), f"{owed}", _("{count} of them in a planned review", count=planned or _("none")) if owed else ""),
        (_("Missed"), f"{row['missed']}", _("in a year that is over; cannot be made good") if row["missed"] else ""),
        time_left(row, today),
    ]
    notes = []
    if not row["annual_list_set"]:
        notes.append(f"{_(NO_LIST)} {_('Until then every element is due once in the cycle.')}")
    if row["ended_on"] and row["ended_on"] <= today:
        text = mark("Not in force since {day}; nothing counts from that day on.")
        notes.append(_(text, day=day(row["ended_on"])))
    code, words = COMPLETES[row["can_complete"]]
    why = row["sentence"] if is_english() else _sentence(row)
    sentence = html.P([components.status_word(code, _(words)), f" {why}"])
    card = components.card(
        "Can this cycle still be completed?", sentence, *(html.P(note) for note in notes), explains="completes"
    )
    return [facts(told), card]


def _sentence(row: Mapping[str, Any]) -> str:
    """What scheme.coverage says in English of a cycle's completion, from the same counts."""
    named = {"owed": row["outstanding"], "all": row["elements"], "left": row["reviews_left"] or 0}
    each = row["elements_per_review"]
    if not row["outstanding"]:
        return _("Nothing is outstanding.")
    if each is None:
        return _("{owed} of {all} elements are outstanding; reviews left: {left}.", **named)
    text = mark("{owed} of {all} elements are outstanding; reviews left: {left}; elements a review (median): {each}.")
    return _(text, **named, each=f"{each:g}")


_CHIPS = (
    ("owed", mark("Owed")),
    ("planned", mark("Planned")),
    ("missed", mark("Missed")),
    ("covered", mark("Looked at")),
)


def chips(cells: pl.DataFrame, asked: Filters) -> Component:
    """Which elements to show."""
    items = [(mark("All"), cells.height, asked.href(status=""), not asked.status)]
    for status, words in _CHIPS:
        number = shown(cells, status).height
        items.append((words, number, asked.href(status=status), asked.status == status))
    return components.chips(items, "Show elements")


def shown(cells: pl.DataFrame, status: str) -> pl.DataFrame:
    """The elements of a chip."""
    match status:
        case "owed":
            return cells.filter("outstanding")
        case "planned" | "missed":
            return cells.filter(pl.col("years").list.contains(status))
        case "covered":
            return cells.filter("covered")
    return cells


def matrix(cells: pl.DataFrame, years: pl.DataFrame, standard: Standard, asked: Filters) -> str:
    """Elements by the years of the cycle, below their criteria, in the states one can act on."""
    columns = [
        Column("element", "Element"),
        *(_year(row) for row in years.iter_rows(named=True)),
        Column("owed", "Owed", "state"),
        Column("kind", "Due", title="Every year, or once in the cycle"),
        Column("last", "Last looked at", "day", "The last counting day of this cycle", first_descending=True),
    ]
    rows = []
    for criterion in standard.criteria:
        own = cells.filter(pl.col("criterion") == criterion.code)
        if own.height:
            rows.append(_criterion(criterion, own, years.height))
            rows += [_element(row, years.height, standard, asked) for row in own.iter_rows(named=True)]
    return table.table_json(
        "Elements by years of the cycle",
        columns,
        rows,
        find="url",
        tree=True,
        dense=True,
        empty="No element is in this state.",
        say=_("{rows} shown", rows=count(cells.height, "element")),
    )


def _year(row: Mapping[str, Any]) -> Column:
    name = _("Year {number}, {state}", number=row["year"], state=_(YEAR[row["state"]]))
    dates = _("{first} to {last}", first=day(row["begins_on"]), last=day(row["ends_on"]))
    whole = str.maketrans(" ", "\u00a0")  # a day does not break over lines
    first, last = (day(row[name]).translate(whole) for name in ("begins_on", "ends_on"))
    label = _("{first} to {last}", first=first, last=last)
    group = Group(name.translate(whole), name)
    return Column(f"year{row['year']}", label, "state", f"{name}, {dates}", groups=(group,))


def _criterion(criterion: Criterion, own: pl.DataFrame, years: int) -> Row:
    annual, owed = own.filter(pl.col("kind") == "annual").height, int(own["outstanding"].sum())
    seen = [own.filter(pl.col("years").list.get(year, null_on_oob=True) == "covered").height for year in range(years)]
    return Row(
        f"criterion-{criterion.code}",
        [
            table.text(
                f"{criterion.code} {criterion.title}",
                _("{count} of {all} looked at", count=int(own["covered"].sum()), all=own.height),
            ),
            *(table.state(None, f"{number}") for number in seen),
            table.state(None, f"{owed}"),
            _("{count} every year", count=annual) if annual else _("once"),
            own["last_covered_on"].max(),
        ],
        open=True,
        name=_("criterion {code}", code=criterion.code),
    )


def _element(row: Mapping[str, Any], years: int, standard: Standard, asked: Filters) -> Row:
    element = standard.element[row["element"]]
    states = [table.state(STATE[state]) for state in row["years"]]
    address = asked.href(cell=f"{row['department_code'] or ''}~{element.code}")
    return Row(
        element.code,
        [
            table.text(f"{element.code} {element.title}", None, address),
            *states,
            *([None] * (years - len(states))),
            table.state("owed") if row["outstanding"] else table.state(None, "–"),
            _("every year") if row["kind"] == "annual" else _("once"),
            row["last_covered_on"],
        ],
        depth=1,
        name=_("element {code}", code=element.code),
    )


def criteria_table(cells: pl.DataFrame, standard: Standard) -> str:
    """Shares per criterion, and what is owed as lists of codes to take into a plan."""
    planned = pl.col("years").list.contains("planned")
    rows = []
    for criterion in standard.criteria:
        own = cells.filter(pl.col("criterion") == criterion.code)
        covered, owed = int(own["covered"].sum()), own.filter("outstanding")
        share = (
            table.share(covered / own.height, _("{count} of {all}", count=covered, all=own.height))
            if own.height
            else None
        )
        lists = (", ".join(owed.filter(part)["element"]) or None for part in (~planned, planned))
        rows.append(Row(criterion.code, [f"{criterion.code} {criterion.title}", share, owed.height, *lists]))
    columns = [
        Column("criterion", "Criterion"),
        Column("share", "Looked at", "share"),
        Column("owed", "Owed", "number", "Not looked at in the cycle, or due in a running year that lacks it"),
        Column("unplanned", "Owed, in no planned review", sortable=False),
        Column("planned", "Owed, in a planned review", sortable=False),
    ]
    return table.table_json("What is owed, by criterion", columns, rows, find=False)


def years_table(years: pl.DataFrame) -> str:
    """The years of the cycle and the days that count for each."""
    columns = [
        Column("year", "Year"),
        Column("begins", "From", "day"),
        Column("ends", "Until", "day", "The first day on which it no longer runs"),
        Column("state", "State"),
        Column(
            "days", "Assessment days", title="A day that slipped past the year's end counts for it if the year had none"
        ),
    ]
    rows = [
        Row(
            str(row["year"]),
            [
                _("Year {number}", number=row["year"]),
                row["begins_on"],
                row["ends_on"],
                _(YEAR[row["state"]]),
                listing([day(on) for on in row["assessment_days"]]) or _("none"),
            ],
        )
        for row in years.iter_rows(named=True)
    ]
    return table.table_json("Years of the cycle", columns, rows, find=False)


def certificates_table(rows: pl.DataFrame, names: Names, asked: Filters) -> str:
    """Every certificate, the one that needs most first."""
    columns = [
        Column("holder", "Holder and certificate"),
        Column("complete", "Completes?", "status", "Can this cycle still be completed?"),
        Column("share", "Looked at", "share"),
        Column("owed", "Owed", "number", first_descending=True),
        Column("planned", "Planned", "number", "Owed and in a planned review", first_descending=True),
        Column("missed", "Missed", "number", first_descending=True),
        Column("reviews", "Reviews left", "number"),
        Column("needed", "Owed a review", "number", "Elements owed for each review left", first_descending=True),
        Column("usual", "Usual a review", "number", "Elements a review of this holder has looked at (median)"),
        Column("days", "Days left", "number", "Days to expiry"),
    ]
    listed = [_certificate(row, names, asked) for row in rows.iter_rows(named=True)]
    unset = rows.filter(~pl.col("annual_list_set")).height
    note = _(NO_LIST) if unset else None
    if note and unset < rows.height:
        note = f"{note[:-1]} ({_('{count} of these', count=unset)})."
    caption = _("Certificates, those that need most first")
    return table.table_json(caption, columns, listed, find=len(listed) > 12, note=note)


def _certificate(row: Mapping[str, Any], names: Names, asked: Filters) -> Row:
    code, over = row["certificate_code"], lapsed(row, asked.as_of)
    sign, words = COMPLETES[row["can_complete"]]
    return Row(
        code,
        [
            table.text(names.get(row["department_code"]), code),
            table.status("indication", over) if over else table.status(sign, _(words)),
            table.share(row["share"], _("{count} of {all}", count=row["covered"], all=row["elements"])),
            row["outstanding"],
            row["owed_planned"],
            row["missed"],
            row["reviews_left"],
            None if over else row["per_review_left"],
            row["elements_per_review"],
            None if over else row["days"],
        ],
        href=asked.href(certificate=code, status=""),
        muted=bool(over),
    )
