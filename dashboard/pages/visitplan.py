"""Visit plan: which sites to visit in which of the reviews left, what that leaves undone, and how sure it is."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice
from dashboard.figures_visits import reviews_plan
from dashboard.filters import Filters
from dashboard.pages.certificates import Names, facts
from dashboard.table import Column, Row
from dashboard.visit_shown import WHY, Draft, Shown, named, on_map, review_names, sentence
from dashboard.words import count, day, listing

SINCE = {
    "visited": ("passes", "Visited since"),
    "gone": ("fails", "No site of it any more"),
    "left": ("fails", "Out of scope on its day"),
    "booked": ("passes", "Booked"),
    "moved": ("at_limit", "Its review is not on that day"),
    "passed": ("at_limit", "Its day is over"),
    "stands": ("indication", "Stands"),
}
_PACES = [("", "2 sites a day"), *((str(n), f"{n} sites a day" if n > 1 else "1 site a day") for n in (1, 3, 4, 6, 8))]
_DAYS = [("", "2 days"), *((str(n), f"{n} days" if n > 1 else "1 day") for n in (1, 3, 4, 5, 10))]
_SHARES = [("", "None"), *((str(n), f"{n} % of them") for n in (10, 25, 50, 100))]


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Visit plan",
        components.headline(ids.VISITPLAN_HEADLINE),
        components.filter_bar(
            "visitplan",
            "as_of",
            Choice("certificate", "Certificate"),
            Choice("mode", "Sites", [("", "Those owed"), ("all", "All not visited yet")]),
            Choice("pace", "A day takes", _PACES),
            Choice("days", "A review not booked takes", _DAYS),
            Choice("share", "Drawn by lot", _SHARES),
        ),
        components.stack(
            components.place(ids.VISITPLAN_ABOUT),
            html.Div(id=ids.VISITPLAN_UNDONE),
            components.table_place(ids.VISITPLAN_TABLE),
            html.Div(id=ids.VISITPLAN_MAP),
            components.table_place(ids.VISITPLAN_REVIEWS),
            html.Div(id=ids.VISITPLAN_PROOF),
            html.Div(id=ids.VISITPLAN_KEPT),
        ),
    )


def headline(shown: Shown, name: str) -> str:
    """Whether everything owed would be visited; of a kept plan, whether it still fits."""
    if shown.draft is None:
        return f"{name}, certificate {shown.wanted.certificate}: {_lower(sentence(shown))}."
    told = shown.plan.visits["since"]
    off = {words: int((told == code).sum()) for code, (_, words) in SINCE.items() if code not in ("stands", "booked")}
    changed = [f"{number} {_lower(words)}" for words, number in off.items() if number]
    kept = f"Kept plan “{shown.draft.name}” for certificate {shown.wanted.certificate}"
    fit = f"no longer fits in full: {listing(changed)}" if changed else "still fits what is known"
    return f"{kept}, made as of {day(shown.day)}, {fit} ({count(told.len(), 'visit')})."


def _lower(words: str) -> str:
    return f"{words[:1].lower()}{words[1:]}"


def about(shown: Shown, asked: Filters, may: Mapping[str, bool]) -> list[Component]:
    """The figures of a plan and what can be done with it; `may`: plan, send (dashboard.gate's words)."""
    plan, reviews = shown.plan, shown.plan.reviews
    booked, drawn = _of(plan.visits, "booked"), plan.drawn
    unbooked = reviews["assessment_code"].null_count()
    lot = f"seed {shown.wanted.seed}" if drawn else "none asked for"
    told = [
        ("Owed", "not stated" if plan.owed is None else f"{plan.owed:,}", "by the certificate"),
        ("In the plan", f"{plan.visits.height:,}", f"{booked or 'none'} of them booked already"),
        (
            "Left undone",
            f"{int(plan.undone['sites'].sum()):,}",
            "sites, said by name below" if plan.undone.height else "nothing",
        ),
        ("Reviews left", f"{reviews.height:,}", f"{unbooked or 'none'} of them not booked yet"),
        ("Drawn by lot", f"{drawn:,}", lot),
    ]
    return [facts(told), html.Div([*_acts(shown, asked, may), *_files(shown, asked)], className="with-files")]


def _of(visits: pl.DataFrame, why: str) -> int:
    return int((visits["why"] == why).sum())


def _acts(shown: Shown, asked: Filters, may: Mapping[str, bool]) -> list[Component]:
    """Keep it; of a kept one, share, remove or take it over; another lot."""
    links = []
    if shown.draft is not None:
        if may["plan"]:
            words = "Share, remove or take it over" if shown.draft.is_mine else "Look at taking it over"
            links.append(_plain(words, f"/plan/visits/{shown.draft.number}"))
        links.append(html.A("A new plan as things stand", href=asked.href(draft=None)))
    elif may["plan"] and shown.plan.visits.height:
        links.append(_plain("Keep this plan", f"/plan/visits/keep?{query(shown)}", "btn btn-primary btn-sm"))
    if shown.draft is None and shown.plan.drawn:
        seed = shown.wanted.seed + 1
        links.append(html.A(f"Draw another lot (seed {seed})", href=asked.href(seed=seed)))
    links.append(html.A("Sites of this certificate", href=asked.href("sites", certificate=shown.wanted.certificate)))
    return [html.P([part for link in links for part in (link, " ")][:-1], className="acts")]


def _plain(words: str, href: str, look: str = "btn btn-outline-secondary btn-sm") -> Component:
    return html.A(words, href=href, className=look, **components.attributes(data_reload=""))


def query(shown: Shown) -> str:
    """What was asked for as the part of an address."""
    if shown.draft is not None:
        return urlencode({"draft": shown.draft.number})
    wanted = shown.wanted
    told = {"certificate": wanted.certificate, "as_of": shown.day.isoformat(), "mode": "all" if wanted.every else ""}
    told |= {"pace": str(wanted.sites_a_day), "days": str(wanted.days)}
    told |= {"share": str(wanted.drawn_percent), "seed": str(wanted.seed)}
    return urlencode({name: value for name, value in told.items() if value})


def _files(shown: Shown, asked: Filters) -> list[Component]:
    if shown.plan.visits.is_empty():
        return []
    more = {"known_at": asked.known_at.isoformat()} if asked.known_at else {}
    if shown.draft is not None:
        more |= {"as_of": asked.as_of.isoformat()}
    kinds = {"csv": "CSV", "xlsx": "Excel", "ics": "calendar", "svg": "map"}
    links: list[Any] = [components.icon("bi-download"), " Take it along: "]
    for turn, (kind, words) in enumerate(kinds.items()):
        address = f"/download/visit-plan.{kind}?{query(shown)}{'&' + urlencode(more) if more else ''}"
        links += [", " if turn else "", html.A(words, href=address, download="")]
    return [html.P(links, className=components.FILES)]


def undone(shown: Shown) -> list[Component]:
    """What the plan leaves undone, by name and with the reason; nothing where it does all."""
    rows = shown.plan.undone
    if rows.is_empty():
        return []
    called = dict(shown.sites.select("site_code", "site_name").iter_rows())
    words = {"must": "Must be visited", "drawn": "Drawn by lot", "needed": "Of the number owed"}
    signs = {"must": "fails", "drawn": "incomplete", "needed": "at_limit"}
    listed = [
        Row(
            row["site_code"] or "any",
            [
                table.text(called.get(row["site_code"]) or row["site_code"], row["site_code"])
                if row["site_code"]
                else f"Any {count(row['sites'], 'site')}",
                table.status(signs[row["why"]], words[row["why"]]),
                f"{row['reason'][:1].upper()}{row['reason'][1:]}.",
            ],
        )
        for row in rows.iter_rows(named=True)
    ]
    columns = [
        Column("site", "Site"),
        Column("why", "Why it matters", "status"),
        Column("reason", "Why it is left", sortable=False),
    ]
    body = table.table_json("What the plan leaves undone", columns, listed, find=False)
    return [components.table("visitplan-undone-table", body)]


def visits_table(shown: Shown) -> str:
    """The visits review by review and day by day."""
    is_kept = "since" in shown.plan.visits.columns
    columns = [
        Column("day", "Day", "day"),
        Column("site", "Site"),
        Column("review", "Review"),
        Column("why", "Why"),
        *([Column("since", "Now", "status")] if is_kept else []),
        Column("far", "From its centre, km", "number", "Great-circle distance to the site in the middle of its review"),
        Column("address", "Address", sortable=False),
    ]
    rows = []
    for row in named(shown).iter_rows(named=True):
        number, far = row["review_number"], row["kilometres"]
        small = ", ".join([row["site_code"], *(["must-visit"] if row["must_visit"] else [])])
        cells: list[Any] = [
            row["day"],
            table.text(row["site_name"] or row["site_code"], small),
            table.text(f"Review {number}", _code(row["review"])) if number else "On a day of its own",
            WHY[row["why"]],
            *([table.status(*SINCE[row["since"]])] if is_kept else []),
            None if far is None else round(far, 1),
            row["address"],
        ]
        rows.append(Row(row["site_code"], cells, name=row["site_name"]))
    said = f"{count(len(rows), 'visit')} planned"
    return table.table_json("Visits, review by review", columns, rows, empty="No visit is planned.", say=said)


def _code(review: str) -> str:
    return f"{review}, not booked yet" if review.startswith("year ") else review


def reviews_table(shown: Shown, names: Names) -> str:
    """The reviews left and how much each has to do."""
    columns = [
        Column("review", "Review"),
        Column("visits", "Sites", "number"),
        Column("work", "Days of work", "number", "Sites / sites a day"),
        Column("room", "Room for", "number", "Working days x sites a day"),
        Column("centre", "Centre", "text", "The site from which the others are nearest"),
        Column("far", "Farthest, km", "number"),
        Column("sum", "All, km", "number", "Sum of the great-circle distances to the centre"),
    ]
    called = dict(shown.sites.select("site_code", pl.coalesce("site_name", "site_code")).iter_rows())
    rows = [
        Row(
            row["review"],
            [
                table.text(f"{number}: {name}", names.get(row["department_code"], row["department_code"])),
                row["visits"],
                round(row["days_of_work"], 1),
                row["room"],
                called.get(row["centre"], row["centre"]) or "",
                None if row["farthest"] is None else round(row["farthest"], 1),
                None if row["kilometres"] is None else round(row["kilometres"], 1),
            ],
        )
        for number, (name, row) in enumerate(
            zip(review_names(shown), shown.plan.reviews.iter_rows(named=True), strict=True), 1
        )
    ]
    return table.table_json(
        "Reviews left, and what each has to do", columns, rows, find=len(rows) > 12, empty="No review is left."
    )


def drawn_map(shown: Shown) -> Component | str:
    """The sites of the plan and those in no review, in kilometres, north up."""
    placed, names, left = on_map(shown)
    if placed.height < 2 or shown.plan.visits.is_empty():
        return ""
    rows = [
        Row(
            row["site_code"],
            [
                table.text(row["site_name"], row["site_code"]),
                names[row["review"]],
                f"{row['latitude']:.4f}, {row['longitude']:.4f}",
            ],
        )
        for row in placed.iter_rows(named=True)
    ]
    columns = [
        Column("site", "Site"),
        Column("review", "Review"),
        Column("place", "Latitude, longitude", sortable=False),
    ]
    return components.chart(
        ids.VISITPLAN_PLAN,
        "Where they are",
        reviews_plan(placed, {number: f"{number}: {name}" if number else name for number, name in names.items()}),
        table.table_json("Sites on the map", columns, rows),
        f"{count(placed.height, 'site')} in kilometres from their middle, north up: each has the number of its review, "
        f"open circles are in none.{f' {left}.' if left else ''}",
        explains="plan",
    )


def kept_table(drafts: Sequence[Draft], asked: Filters) -> list[Component]:
    """The plans that were kept, the newest first."""
    if not drafts:
        return []
    columns = [
        Column("name", "Plan"),
        Column("certificate", "Certificate"),
        Column("by", "Made by"),
        Column("changed", "Kept on", "day"),
        Column("shared", "Who sees it"),
    ]
    rows = [
        Row(
            str(draft.number),
            [
                draft.name,
                draft.certificate,
                draft.made_by,
                draft.changed_at.date(),
                "Shared" if draft.is_shared else "You alone",
            ],
            href=asked.href(draft=draft.number, certificate=None),
        )
        for draft in drafts
    ]
    body = table.table_json("Kept visit plans", columns, rows, find=len(rows) > 12)
    return [components.table("visitplan-kept-table", body)]
