"""Next review: what it should look at, in order of need, what it leaves out and what that means."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice, attributes
from dashboard.filters import Filters
from dashboard.pages.certificates import Names, day_pack_link, facts, is_list, lapsed, with_ends
from dashboard.table import Column, Row
from dashboard.words import count, day, listing, moment, sentence
from scheme.review_scope import ReviewScope
from scheme.standard import Standard, code_order

SIZES = (5, 10, 15, 20, 25, 30, 40, 57)
TYPES = {"initial": "Initial assessment", "annual_review": "Annual review", "renewal": "Renewal"}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Next review",
        components.headline(ids.SCOPE_HEADLINE),
        components.filter_bar(
            "scope",
            "as_of",
            "department",
            Choice("certificate", "Certificate"),
            Choice("review", "Review"),
            Choice("on", "Or a day not booked yet", kind="day"),
            Choice("capacity", "Elements it can take"),
        ),
        components.stack(
            components.table_place(ids.SCOPE_REVIEWS),
            components.place(ids.SCOPE_CHOSEN),
            components.table_place(ids.SCOPE_TABLE),
            components.table_place(ids.SCOPE_LEFT),
            components.table_place(ids.SCOPE_DRAFTS),
        ),
    )


def by_next(completion: pl.DataFrame, certificates: pl.DataFrame, planned: pl.DataFrame, today: date) -> pl.DataFrame:
    """scheme.coverage.completion with the next planned review of each certificate, the soonest first.

    Adds next_on, next_code, its scope (null: none), and what pages.certificates.with_ends adds. The holder's own review
    is taken before one of a department below. Without a review a certificate stands at its expiry; of two of one day
    the one that owes something comes first; those no longer in force last.
    """
    holders = certificates.select("certificate_code", holder="department_code")
    first = (
        planned.join(holders, on="certificate_code", maintain_order="left")
        .sort(~pl.col("department_code").eq_missing(pl.col("holder")), maintain_order=True)
        .group_by("certificate_code", maintain_order=True)
        .first()
    )
    told = first.select("certificate_code", "scope", next_on="ended_on", next_code="assessment_code")
    rows = completion.join(told, on="certificate_code", how="left", maintain_order="left").with_row_index("row")
    rows = with_ends(rows, certificates, today)
    soonest = pl.col("next_on").fill_null(pl.col("expires_on"))
    return rows.sort(~pl.col("in_force"), soonest, pl.col("outstanding") == 0, "row")


def headline(proposal: ReviewScope, names: Names) -> str:
    """Which review of whom it is, and what is left, needed and missed otherwise."""
    return f"{names.get(proposal.holder)}, {_which(proposal)}: {proposal.sentence}"


def _which(proposal: ReviewScope) -> str:
    if proposal.code is None:
        return f"a review by {day(proposal.ended_on)} that is not booked yet"
    return f"{proposal.code} on {day(proposal.ended_on)}"


def reviews_table(rows: pl.DataFrame, names: Names, asked: Filters) -> str:
    """Every certificate with its next review, the soonest first."""
    columns = [
        Column("holder", "Holder and certificate"),
        Column("next", "Next review", "day"),
        Column("scope", "Its scope", title="Elements stated in its scope"),
        Column("owed", "Owed", "number", first_descending=True),
        Column("left", "Reviews left", "number"),
        Column("usual", "Usual a review", "number", "Elements a review of this holder has looked at (median)"),
        Column("expires", "Expires", "day"),
    ]
    listed = [_certificate(row, names, asked) for row in rows.iter_rows(named=True)]
    return table.table_json("Next reviews, the soonest first", columns, listed, find=len(listed) > 12)


def _certificate(row: Mapping[str, Any], names: Names, asked: Filters) -> Row:
    code, over = row["certificate_code"], lapsed(row, asked.as_of)
    stated = count(len(row["scope"]), "element") if row["scope"] else "not stated" if row["next_on"] else None
    return Row(
        code,
        [
            table.text(names.get(row["department_code"]), over or code),
            table.day(row["next_on"], row["next_code"]) if row["next_on"] else None,
            stated,
            row["outstanding"],
            row["reviews_left"],
            row["elements_per_review"],
            row["expires_on"],
        ],
        href=asked.href(certificate=code, review="", on=""),
        muted=bool(over),
    )


def about(
    proposal: ReviewScope, row: Mapping[str, Any], rows: pl.DataFrame, names: Names, asked: Filters, may_plan: bool
) -> list[Component]:
    """The review's figures, what is lost for good, and the ways onward."""
    missed, taken = proposal.missed.height, len(proposal.taken)
    told = [
        ("Reviews left", f"{proposal.reviews_left}", f"until {day(proposal.expires_on)}, this one among them"),
        ("Outstanding", f"{proposal.outstanding}", f"of {proposal.elements.height} elements"),
        ("Needed from each", f"{proposal.needed}", "so that no more is missed than must be"),
        ("This one takes", f"{taken}", _usual(proposal, asked)),
        ("Missed otherwise", f"{missed}", "if each review left takes as many" if missed else "at this number"),
    ]
    notes: list[Component] = []
    if is_list(rows, asked):
        notes.append(html.H2(f"{names.get(proposal.holder)}, {_which(proposal)}"))
    elif rows.height > 1:
        back = asked.href(certificate="", review="", on="", capacity="")
        notes.append(html.P(html.A([components.icon("bi-arrow-left"), f" All {rows.height} certificates"], href=back)))
    if proposal.department_code != proposal.holder:
        own = names.get(proposal.department_code, proposal.department_code)
        notes.append(html.P(f"This review is of {own}; the bands below are those of {own}."))
    notes.append(facts(told))
    if missed:
        notes.append(html.P([html.Strong("Missed otherwise: "), _listed(proposal.missed["element"].to_list())]))
    if proposal.lost.height:
        notes.append(html.P([html.Strong("Missed for good: "), _lost(proposal)]))
    if not row["annual_list_set"]:
        notes.append(html.P("Annual list not set: ask your certification body. Every element is due once until then."))
    links = [html.A("See coverage", href=asked.href("coverage", certificate=proposal.certificate_code))]
    if may_plan:
        links.insert(0, html.A("Plan this review", href=plan_address(proposal), className="btn btn-primary",
                               **attributes(data_reload="")))  # fmt: skip
    which = {"review": proposal.code} if proposal.code else {"on": proposal.ended_on.isoformat()}
    capacity = {"capacity": str(asked.capacity)} if asked.capacity else {}
    return [
        *notes,
        html.P(links, className="acts"),
        day_pack_link(proposal.certificate_code, asked, **which, **capacity),
    ]


def plan_address(proposal: ReviewScope) -> str:
    """Where the planner takes this proposal on."""
    which = {"review": proposal.code} if proposal.code else {"on": proposal.ended_on.isoformat()}
    given = {"certificate": proposal.certificate_code, **which, "capacity": str(proposal.capacity)}
    return f"/scope/plan?{urlencode(given)}"


def _usual(proposal: ReviewScope, asked: Filters) -> str:
    if proposal.usual is None:
        return "chosen" if asked.capacity else "as many as needed: no earlier review tells how many it can take"
    usual = f"{proposal.usual:g} is usual (median)"
    return usual if asked.capacity else f"as usual: {usual}"


def _listed(elements: Sequence[str]) -> str:
    return f"{listing(sorted(set(elements), key=code_order), 20)}."


def _lost(proposal: ReviewScope) -> str:
    years = [f"{element} in year {listing([str(n) for n in own])}" for element, own in proposal.lost.iter_rows()]
    return (
        f"{listing(years, 12)}. These years are over, and an annual element not looked at in one cannot be made good."
    )


def proposed(proposal: ReviewScope, standard: Standard, today: date) -> str:
    """What the review should look at, below its criteria, each with why."""
    columns = [
        Column("element", "Element"),
        Column("why", "Why", width=280),
        Column("place", "Need", "number", "Its place in order of need: 1 is the first to look at"),
        Column("kind", "Due", title="Every year, or once in the cycle"),
        Column("last", "Last looked at", "day", "The last counting day of this cycle"),
        Column("band", "Band", "band", "The band in force of the department reviewed"),
        Column("now", "In its scope now"),
    ]
    taken, rows = proposal.elements.filter("taken"), []
    for criterion in standard.criteria:
        own = taken.filter(pl.col("criterion") == criterion.code).sort("place")
        if own.height:
            head = [f"{criterion.code} {criterion.title}", count(own.height, "element"), None, None, None, None, None]
            rows.append(Row(f"criterion-{criterion.code}", head, open=True, name=f"criterion {criterion.code}"))
            rows += [_element(row, standard, today) for row in own.iter_rows(named=True)]
    return table.table_json(
        f"What this review should look at: {count(taken.height, 'element')}",
        columns,
        rows,
        bands=standard.bands,
        find=taken.height > 12,
        tree=True,
        empty="Nothing is needed: other planned reviews look at everything.",
    )


def _element(row: Mapping[str, Any], standard: Standard, today: date) -> Row:
    band = None
    if row["band"]:
        band = table.band(row["band"], (today - row["assessed_on"]).days // 365)
    cells = [
        f"{row['element']} {standard.element[row['element']].title}",
        row["reason"],
        row["place"],
        "every year" if row["kind"] == "annual" else "once",
        row["last_covered_on"],
        band,
        "yes" if row["in_scope_now"] else "no",
    ]
    return Row(row["element"], cells, depth=1, name=f"element {row['element']}")


def left_out(proposal: ReviewScope, standard: Standard) -> str:
    """What the review leaves out, in order of need, and what that means."""
    columns = [
        Column("element", "Element"),
        Column("means", "What that means", "status"),
        Column("why", "Why", width=280),
        Column("last", "Last looked at", "day"),
        Column("now", "In its scope now"),
    ]
    why = dict(proposal.missed.select("element", "why").iter_rows())
    rows = [
        Row(
            row["element"],
            [
                f"{row['element']} {standard.element[row['element']].title}",
                _means(row, why),
                f"{row['reason']} {why.get(row['element'], '')}".strip(),
                row["last_covered_on"],
                "yes" if row["in_scope_now"] else "no",
            ],
        )
        for row in proposal.elements.filter(~pl.col("taken")).iter_rows(named=True)
    ]
    caption = f"What it leaves out, and what that means: {count(len(rows), 'element')}"
    return table.table_json(caption, columns, rows, find=len(rows) > 12, empty="It looks at everything.")


def _means(row: Mapping[str, Any], missed: Mapping[str, str]) -> Any:
    if row["element"] in missed:
        return table.status("fails", "Will be missed")
    if row["group"] in ("annual", "not_covered"):
        return table.status("incomplete", "Left to a later review")
    if row["group"] == "planned":
        return table.status("passes", "In another review")
    if row["group"] == "age":
        return table.status("passes", "Nothing is owed")
    return table.status("at_limit", "No second look")


def drafts_table(kept: Sequence[Any]) -> str:
    """The scopes that were kept (db.drafts.Draft): one's own, and those that others share."""
    columns = [
        Column("name", "Scope"),
        Column("review", "Review"),
        Column("elements", "Elements", "number"),
        Column("whose", "Whose"),
        Column("changed", "Last changed"),
    ]
    rows = [
        Row(
            str(draft.number),
            [
                table.text(draft.name, None, f"/scope/plan/{draft.number}"),
                f"{draft.certificate}, {draft.body['review'] or draft.body['on']}",
                len(draft.body["elements"]),
                ("yours, shared" if draft.is_shared else "yours") if draft.is_mine else draft.made_by,
                moment(draft.changed_at),
            ],
        )
        for draft in kept
    ]
    empty = "No scope has been kept yet."
    return table.table_json("Kept scopes and itineraries", columns, rows, find=len(rows) > 12, empty=empty)


def not_possible(error: Exception, asked: Filters) -> Component:
    """What stands there instead where a review cannot be proposed."""
    back = asked.href(review="", on="", capacity="")
    told = components.empty_state("No review can be proposed here", sentence(f"{error}."))
    return html.Div([told, html.P(html.A("The next review of this certificate", href=back))])


def offered(rows: pl.DataFrame, chosen: str, planned: pl.DataFrame, names: Names, usual: float | None) -> str:
    """What the filter bar offers: certificates, reviews of the chosen one, how many elements a review may take."""
    own = planned.filter(pl.col("certificate_code") == chosen)
    reviews = [
        (code, f"{TYPES.get(kind, kind)} {code}, {names.get(department, department)}, {day(on)}")
        for code, kind, department, on in own.select(
            "assessment_code", "assessment_type", "department_code", "ended_on"
        ).iter_rows()
    ]
    several = [("", f"All {rows.height} certificates" if rows.height else "None")] if rows.height != 1 else []
    holders = rows.select("certificate_code", "department_code").iter_rows()
    most = f"As usual ({int(usual)})" if usual else "As many as needed"
    return components.options(
        certificate=several + [(code, f"{names.get(department)} ({code})") for code, department in holders],
        review=[("", "The next one"), *reviews],
        capacity=[("", most), *((str(size), f"{size} elements") for size in SIZES)],
    )
