"""Sites: which are still to visit under a certificate, which must be, and where they are."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table
from dashboard.components import Choice
from dashboard.figures import MARKERS, plan
from dashboard.filters import Filters
from dashboard.pages.certificates import Names, facts, is_list, lapsed, time_left, until, with_ends
from dashboard.table import Column, Row
from dashboard.words import count, day, listing

STATES = {"must": "Must visit", "open": "To visit", "visited": "Visited", "out": "Not in scope"}
SIGNS = {"must": "at_limit", "open": "incomplete", "visited": "passes", "out": "indication"}
MODES = {"on_site": "on site", "remote": "remote", "self_assessed": "self-assessed"}


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Sites",
        components.headline(ids.SITES_HEADLINE),
        components.filter_bar("sites", "as_of", "department", Choice("certificate", "Certificate")),
        components.stack(
            components.table_place(ids.SITES_CERTIFICATES),
            components.place(ids.SITES_CHOSEN),
            html.Div([html.Div(id=ids.SITES_CHIPS), components.table_place(ids.SITES_TABLE)]),
            html.Div(id=ids.SITES_MAP),
            html.Div(id=ids.SITES_BENCHMARK),
        ),
    )


def worst_first(visits: pl.DataFrame, certificates: pl.DataFrame, today: date) -> pl.DataFrame:
    """scheme.visits.visits with pages.certificates.with_ends, those that owe most first, those not in force last."""
    must, owed = -pl.col("must_visit_outstanding"), -pl.col("outstanding").fill_null(0)
    rows = with_ends(visits.with_row_index("place"), certificates, today)
    return rows.sort(~pl.col("in_force"), must, owed, "place")


def with_states(sites: pl.DataFrame, visits: pl.DataFrame, row: Mapping[str, Any], today: date) -> pl.DataFrame:
    """The sites of a certificate in the order one would visit them: must-visit, never visited, longest ago.

    Adds to scheme.visits.sites: state (must, open, visited, out); last_on (the last visit of any cycle, on site or
    remote) and last_mode; booked_on (the next planned visit); not_counted (List(String): modes of the
    visits held in this cycle where none of them counts). `visits` is the tenant's (scheme.frames.VISITS), `row` the
    certificate's of `worst_first`.
    """
    mode = pl.col("mode").fill_null("on_site")
    held = visits.filter(~pl.col("planned"), pl.col("visited_on") <= today).with_columns(mode).sort("visited_on")
    seen = held.filter(pl.col("mode") != "self_assessed").group_by("site_code")
    last = seen.agg(last_on=pl.col("visited_on").last(), last_mode=pl.col("mode").last())
    ahead = visits.filter(pl.col("planned"), pl.col("visited_on") >= today)
    booked = ahead.group_by("site_code").agg(booked_on=pl.col("visited_on").min())
    cut_on = min(row["expires_on"], row["ended_on"] or row["expires_on"])
    in_cycle = held.filter(pl.col("visited_on") >= row["awarded_on"], pl.col("visited_on") < cut_on)
    listed = in_cycle.group_by("site_code").agg(not_counted=pl.col("mode").unique(maintain_order=True))
    state = (
        pl.when(pl.col("visited"))
        .then(pl.lit("visited"))
        .when(~pl.col("in_scope"))
        .then(pl.lit("out"))
        .when(pl.col("must_visit"))
        .then(pl.lit("must"))
        .otherwise(pl.lit("open"))
    )
    rows = sites.with_row_index("place")
    for more in (last, booked, listed):
        rows = rows.join(more, on="site_code", how="left", maintain_order="left")
    counts_none = ~pl.col("visited")
    rows = rows.with_columns(state=state, not_counted=pl.when(counts_none).then(pl.col("not_counted")))
    return rows.sort(pl.col("state").cast(pl.Enum(tuple(STATES))), "last_on", "place", nulls_last=False)


def headline(rows: pl.DataFrame, row: Mapping[str, Any], names: Names, asked: Filters) -> str:
    """How all certificates stand; of one: visited of required, what must still be visited, how long there is."""
    if is_list(rows, asked):
        return _of_all(rows, names)
    required, done, must = row["sites_required"], row["visited"], row["must_visit_outstanding"]
    if required is None:
        said = f"{count(done, 'site')} visited in this cycle; the certificate states no number of sites to visit"
    elif row["outstanding"]:
        said = f"{done} of {count(required, 'required site')} visited, {row['outstanding']} still to visit"
    else:
        said = f"{done} of {count(required, 'required site')} visited, so none is owed"
    owed = f"; {count(must, 'must-visit site')} {'is' if must == 1 else 'are'} still owed" if must else ""
    name = f"{names.get(row['department_code'])}, certificate {row['certificate_code']}"
    return f"{name}: {said}{owed}, {until(row, asked.as_of)}."


def _of_all(rows: pl.DataFrame, names: Names) -> str:
    running = rows.filter("in_force")
    if running.is_empty():
        return f"None of {count(rows.height, 'certificate')} is in force on this day."
    must = [names.get(code, "") for code in running.filter(pl.col("must_visit_outstanding") > 0)["department_code"]]
    few = running.filter(pl.col("outstanding") > 0).height
    unstated = running.filter(pl.col("sites_required").is_null()).height
    said = [f"{len(must)} {'owes' if len(must) == 1 else 'owe'} a must-visit site ({listing(must, 3)})"] if must else []
    said += [f"{few} {'has' if few == 1 else 'have'} fewer visits than required so far"] if few else []
    said += [f"{unstated} {'states' if unstated == 1 else 'state'} no number of sites"] if unstated else []
    told = listing(said or ["every required visit has been made"])
    verb = "certificate is in force" if running.height == 1 else "certificates are in force"
    return f"{running.height} {verb}: {told}."


def about(row: Mapping[str, Any], sites: pl.DataFrame, today: date) -> list[Component]:
    """The figures of one certificate: required, visited, still to visit, days."""
    must, required = row["must_visit_outstanding"], row["sites_required"]
    waiting = sites.filter(pl.col("state").is_in(["must", "open"]))
    booked = waiting["booked_on"].is_not_null().sum()
    owed = f"{count(must, 'must-visit site')} owed"
    return [
        facts(
            [
                ("Required", "not stated" if required is None else f"{required:,}", "by the certificate"),
                ("Visited", f"{row['visited']:,}", f"{count(row['sites_in_scope'], 'site')} in scope"),
                ("Still to visit", "not stated" if required is None else f"{row['outstanding']:,}", owed),
                ("Not visited yet", f"{waiting.height:,}", f"{booked or 'none'} of them booked"),
                time_left(row, today),
            ]
        )
    ]


def planning(row: Mapping[str, Any], asked: Filters) -> Component:
    """The way to the plan of the visits that are left."""
    href = asked.href("visitplan", certificate=row["certificate_code"])
    return html.P(html.A([components.icon("bi-signpost-split"), " Plan the visits"], href=href))


def chips(sites: pl.DataFrame, certificate: str, asked: Filters) -> Component:
    """What to show: what is still to visit unless asked otherwise; and the list as shown, to take along."""
    number = {state: sites.filter(pl.col("state") == state).height for state in STATES}
    items = [
        ("Not visited yet", number["must"] + number["open"], asked.href(status=""), not asked.status),
        *((words, number[state], asked.href(status=state), asked.status == state) for state, words in STATES.items()),
        ("All", sites.height, asked.href(status="all"), asked.status == "all"),
    ]
    shown = [item for item in items if item[0] != STATES["open"]]
    return html.Div([components.chips(shown, "Show sites"), _take_along(certificate, asked)], className="with-files")


def _take_along(certificate: str, asked: Filters) -> Component:
    given = {"certificate": certificate, "as_of": asked.as_of.isoformat(), "status": asked.status}
    query = urlencode(given | ({"known_at": asked.known_at.isoformat()} if asked.known_at else {}))
    files = [
        html.A(words, href=f"/download/sites.{kind}?{query}", download="")
        for kind, words in (("csv", "CSV"), ("xlsx", "Excel"))
    ]
    return html.P(
        [components.icon("bi-download"), " Take this list along: ", files[0], " or ", files[1]],
        className=components.FILES,
    )


def shown(sites: pl.DataFrame, status: str) -> pl.DataFrame:
    """The sites of a chip."""
    if status == "all":
        return sites
    wanted = [status] if status in STATES else ["must", "open"]
    return sites.filter(pl.col("state").is_in(wanted))


def sites_table(sites: pl.DataFrame, names: Names, today: date, enter: Collection[str] = ()) -> str:
    """The sites in the order one would visit them; `enter`: those of which the reader may enter visits by hand."""
    columns = [
        Column("site", "Site"),
        Column("state", "State", "status"),
        Column("last_on", "Last visited", "day", "The last visit of any cycle, on site or remote"),
        Column("booked_on", "Booked for", "day", "The next planned visit"),
        Column("departments", "Departments"),
        Column("address", "Address", sortable=False),
        Column("see", "On site", "link", sortable=False),
        *([Column("enter", "By hand", "link", sortable=False)] if enter else []),
    ]
    rows = [
        Row(
            row["site_code"],
            [
                table.text(row["site_name"] or row["site_code"], _small(row, today)),
                table.status(SIGNS[row["state"]], STATES[row["state"]]),
                table.day(row["last_on"], not_counted(row["not_counted"]) or _remote(row)),
                row["booked_on"],
                ", ".join(names.get(code, code) for code in row["department_codes"]) or names[None],
                row["address"],
                table.link("What to see", f"/evidence?{urlencode({'site': row['site_code']})}"),
                *([_enter(row["site_code"], enter)] if enter else []),
            ],
        )
        for row in sites.iter_rows(named=True)
    ]
    return table.table_json(
        "Sites, in the order to visit them",
        columns,
        rows,
        find="url",
        empty="No site matches.",
        say=f"{count(len(rows), 'site')} shown",
    )


def _enter(code: str, enter: Collection[str]) -> table.Cell:
    return table.link("Enter a visit", f"/enter/visit?{urlencode({'site_code': code})}") if code in enter else None


def _remote(row: Mapping[str, Any]) -> str | None:
    return None if row["last_mode"] in (None, "on_site") else MODES[row["last_mode"]]


def _small(row: Mapping[str, Any], today: date) -> str:
    traits = [row["site_code"]]
    traits += ["must-visit"] if row["must_visit"] else []
    traits += ["central function"] if row["central_function"] else []
    if row["in_scope_to"]:
        traits.append(f"in scope until {day(row['in_scope_to'])}")
    elif row["in_scope_from"]:
        word = "since" if row["in_scope_from"] <= today else "only from"
        traits.append(f"in scope {word} {day(row['in_scope_from'])}")
    return ", ".join(traits)


def not_counted(modes: list[str] | None) -> str | None:
    """What is said of visits in this cycle that do not count."""
    return f"in this cycle {listing([MODES[mode] for mode in modes])}, not counted" if modes else None


def to_take_along(sites: pl.DataFrame, names: Names) -> pl.DataFrame:
    """The list to take along, as shown: place in the order, codes and names, state, visits, where, in scope when."""
    code, told = pl.element(), {code: name for code, name in names.items() if code}
    return sites.select(
        pl.int_range(1, pl.len() + 1).alias("order"),
        "site_code",
        "site_name",
        pl.col("state").replace_strict(STATES).alias("state"),
        "must_visit",
        "central_function",
        pl.col("last_on").alias("last_visited_on"),
        pl.col("not_counted")
        .map_elements(lambda modes: not_counted(list(modes)), return_dtype=pl.String)
        .alias("in_this_cycle"),
        pl.col("booked_on").alias("booked_for"),
        pl.col("department_codes").list.eval(code.replace(told)).list.join("; ").alias("departments"),
        "address",
        "latitude",
        "longitude",
        "in_scope_from",
        "in_scope_to",
    )


def on_a_map(sites: pl.DataFrame) -> Component:
    """A map without any map: where the sites of a certificate lie to each other, in kilometres, north up."""
    here = sites.filter(pl.col("state") != "out")
    placed = here.filter(pl.col("latitude").is_not_null(), pl.col("longitude").is_not_null())
    if placed.height < 2:
        known = f"{placed.height or 'none'} of {count(here.height, 'site')} has"
        return html.P(f"There is no map: {known} a latitude and a longitude.")
    missing = here.height - placed.height
    left = (
        f" {count(missing, 'site')} without coordinates {'is' if missing == 1 else 'are'} not on it." if missing else ""
    )
    rows = [
        Row(
            row["site_code"],
            [
                table.text(row["site_name"] or row["site_code"], row["site_code"]),
                table.status(SIGNS[row["state"]], STATES[row["state"]]),
                f"{row['latitude']:.4f}, {row['longitude']:.4f}",
            ],
        )
        for row in placed.iter_rows(named=True)
    ]
    columns = [
        Column("site", "Site"),
        Column("state", "State", "status"),
        Column("place", "Latitude, longitude", sortable=False),
    ]
    return components.chart(
        ids.SITES_PLAN,
        "Where they are",
        plan(placed, STATES),
        table.table_json("Sites on the map", columns, rows),
        f"{count(placed.height, 'site')} in kilometres from their middle, north up: {MARKERS}.{left}",
        explains="visits",
    )


def certificates_table(rows: pl.DataFrame, names: Names, asked: Filters) -> str:
    """Every certificate: visited of required, what is owed, how long there is."""
    columns = [
        Column("holder", "Holder and certificate"),
        Column("visited", "Visited", "number"),
        Column("required", "Required", "number", "Sites to visit, stated in the certificate"),
        Column("outstanding", "Still to visit", "number", first_descending=True),
        Column("must", "Must-visit owed", "number", first_descending=True),
        Column("scope", "Sites in scope", "number"),
        Column("days", "Days left", "number", "Days to expiry"),
    ]
    listed = [_certificate(row, names, asked) for row in rows.iter_rows(named=True)]
    return table.table_json("Certificates, those that owe most first", columns, listed, find=len(listed) > 12)


def _certificate(row: Mapping[str, Any], names: Names, asked: Filters) -> Row:
    code, over = row["certificate_code"], lapsed(row, asked.as_of)
    return Row(
        code,
        [
            table.text(names.get(row["department_code"]), f"{code}, {over[0].lower()}{over[1:]}" if over else code),
            row["visited"],
            row["sites_required"],
            row["outstanding"],
            row["must_visit_outstanding"],
            row["sites_in_scope"],
            None if over else row["days_to_expiry"],
        ],
        href=asked.href(certificate=code, status=""),
        muted=bool(over),
    )


def benchmark(row: Mapping[str, Any]) -> Component:
    """IAF MD 1 as a help text; no rule of the scheme (measures.md section 5)."""
    number = row["benchmark"]
    return components.details(
        "Benchmark, not a scheme rule",
        html.P(
            f"IAF MD 1 would sample, beside the central function, {number['initial']} of these sites at an initial "
            f"assessment, {number['surveillance']} at each surveillance review and {number['recertification']} at a "
            "renewal where the system has proved itself. The number stated in the certificate is what counts."
        ),
    )
