"""Sites: which are still to visit under a certificate, which must be, and where they are."""

from collections.abc import Mapping
from datetime import date
from math import cos, radians
from typing import Any
from urllib.parse import urlencode

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, ids, table, theme
from dashboard.components import Choice
from dashboard.figures import Figure, figure
from dashboard.filters import Filters
from dashboard.table import Column, Row
from dashboard.words import count, day

STATES = {"must": "Must visit", "open": "To visit", "visited": "Visited", "out": "No longer in scope"}
_SYMBOLS = {"must": "diamond", "open": "circle-open", "visited": "square"}
_COLOURS = {"must": "status-fails", "open": "ink", "visited": "accent"}
_KM = 111.32  # of one degree of latitude


def layout() -> Component:
    """Controls and empty places."""
    return components.page(
        "Sites",
        components.headline(ids.SITES_HEADLINE),
        components.filter_bar("sites", "as_of", Choice("certificate", "Certificate")),
        components.stack(
            html.Div(id=ids.SITES_CHIPS),
            components.table_place(ids.SITES_TABLE),
            html.Div(id=ids.SITES_TAKE_ALONG),
            components.place(ids.SITES_MAP),
            components.table_place(ids.SITES_CERTIFICATES),
            html.Div(id=ids.SITES_BENCHMARK),
        ),
    )


def worst_first(visits: pl.DataFrame) -> pl.DataFrame:
    """scheme.visits.visits with the certificates that owe most first; those past their end come after those running."""
    return visits.with_row_index("place").sort(
        pl.col("days_to_expiry") <= 0,
        -pl.col("must_visit_outstanding"),
        -pl.col("outstanding").fill_null(0),
        "place",
    )


def with_states(sites: pl.DataFrame, visits: pl.DataFrame, today: date) -> pl.DataFrame:
    """The sites of a certificate in the order one would visit them: must-visit, never visited, longest ago.

    Adds to scheme.visits.sites: state (must, open, visited, out) and last_on (the last held visit of any cycle).
    `visits` is the tenant's (scheme.frames.VISITS).
    """
    held = visits.filter(~pl.col("planned"), pl.col("visited_on") <= today, pl.col("mode") != "self_assessed")
    last = held.group_by("site_code").agg(last_on=pl.col("visited_on").max())
    state = (
        pl.when(pl.col("visited"))
        .then(pl.lit("visited"))
        .when(~pl.col("in_scope"))
        .then(pl.lit("out"))
        .when(pl.col("must_visit"))
        .then(pl.lit("must"))
        .otherwise(pl.lit("open"))
    )
    return (
        sites.join(last, on="site_code", how="left", maintain_order="left")
        .with_columns(state=state)
        .with_row_index("place")
        .sort(pl.col("state").cast(pl.Enum(tuple(STATES))), "last_on", "place", nulls_last=False)
    )


def headline(visits: Mapping[str, Any], name: str, ended_on: date | None) -> str:
    """How one certificate stands: visited of required, what must still be visited, how long there is."""
    code, required, done = visits["certificate_code"], visits["sites_required"], visits["visited"]
    left = visits["days_to_expiry"]
    if required is None:
        said = f"{count(done, 'site')} visited in this cycle; the certificate states no number of sites to visit"
    elif visits["outstanding"]:
        said = f"{done} of {count(required, 'required site')} visited, {visits['outstanding']} still to visit"
    else:
        said = f"{done} of {count(required, 'required site')} visited, so none is owed"
    must = visits["must_visit_outstanding"]
    owed = f"; {count(must, 'must-visit site')} {'is' if must == 1 else 'are'} still owed" if must else ""
    until = (
        f"{count(left, 'day')} left" if left > 0 else f"expired {count(-left, 'day')} ago" if left else "expires today"
    )
    ended = f" Not in force since {day(ended_on)}." if ended_on else ""
    return f"{name}, certificate {code}: {said}{owed}, {until}.{ended}"


def chips(sites: pl.DataFrame, asked: Filters) -> Component:
    """What to show: what is still to visit unless asked otherwise."""
    number = {state: sites.filter(pl.col("state") == state).height for state in STATES}
    items = [
        ("Still to visit", number["must"] + number["open"], asked.href(status=""), not asked.status),
        (STATES["must"], number["must"], asked.href(status="must"), asked.status == "must"),
        ("Visited in this cycle", number["visited"], asked.href(status="visited"), asked.status == "visited"),
        (STATES["out"], number["out"], asked.href(status="out"), asked.status == "out"),
        ("All", sites.height, asked.href(status="all"), asked.status == "all"),
    ]
    return components.chips(items, "Show sites")


def shown(sites: pl.DataFrame, status: str) -> pl.DataFrame:
    """The sites of a chip."""
    if status == "all":
        return sites
    wanted = [status] if status in STATES else ["must", "open"]
    return sites.filter(pl.col("state").is_in(wanted))


def sites_table(sites: pl.DataFrame, names: Mapping[str | None, str]) -> str:
    """The sites in the order one would visit them."""
    columns = [
        Column("site", "Site"),
        Column("state", "State"),
        Column("last_on", "Last visited", "day", "The last visit of any cycle, on site or remote"),
        Column("departments", "Departments"),
        Column("address", "Address", sortable=False),
        Column("scope", "In scope since", "day"),
    ]
    rows = [
        Row(
            row["site_code"],
            [
                table.text(row["site_name"] or row["site_code"], _small(row)),
                STATES[row["state"]],
                row["last_on"],
                ", ".join(names.get(code) or code for code in row["department_codes"]) or None,
                row["address"],
                row["in_scope_from"],
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


def _small(row: Mapping[str, Any]) -> str:
    return f"{row['site_code']}, central function" if row["central_function"] else str(row["site_code"])


def take_along(certificate: str, asked: Filters) -> Component:
    """The list as shown, as files."""
    query = urlencode({"certificate": certificate, "as_of": asked.as_of.isoformat(), "status": asked.status})
    return html.P(
        [
            "Take this list along: ",
            html.A("CSV", href=f"/download/sites.csv?{query}", download=""),
            " or ",
            html.A("Excel", href=f"/download/sites.xlsx?{query}", download=""),
            ".",
        ]
    )


def to_take_along(sites: pl.DataFrame, names: Mapping[str | None, str]) -> pl.DataFrame:
    """The list to take along: codes, names, state, last_visited_on, departments, address, coordinates."""
    return sites.select(
        "site_code",
        "site_name",
        pl.col("state").replace_strict(STATES).alias("state"),
        pl.col("last_on").alias("last_visited_on"),
        pl.col("department_codes")
        .list.eval(pl.element().replace({code: name for code, name in names.items() if code}))
        .list.join("; ")
        .alias("departments"),
        "address",
        "latitude",
        "longitude",
    )


def plan(sites: pl.DataFrame) -> Component | str:
    """A map without any map: where the sites of a certificate lie to each other, in kilometres, north up."""
    placed = sites.filter(pl.col("latitude").is_not_null(), pl.col("longitude").is_not_null(), pl.col("state") != "out")
    if placed.height < 2:
        return html.P("There is no map: fewer than two sites have a latitude and a longitude.", className="quiet")
    missing = sites.filter(pl.col("state") != "out").height - placed.height
    left = (
        f" {count(missing, 'site')} without coordinates {'is' if missing == 1 else 'are'} not on it." if missing else ""
    )
    rows = [
        Row(
            row["site_code"],
            [row["site_name"] or row["site_code"], STATES[row["state"]], row["latitude"], row["longitude"]],
        )
        for row in placed.iter_rows(named=True)
    ]
    columns = [
        Column("site", "Site"),
        Column("state", "State"),
        Column("latitude", "Latitude", "number"),
        Column("longitude", "Longitude", "number"),
    ]
    return components.chart(
        ids.SITES_PLAN,
        "Where they are",
        plan_figure(placed),
        table.table_json("Sites on the map", columns, rows),
        f"{count(placed.height, 'site')} by distance in kilometres, north up; diamonds must be visited, "
        f"open circles are still to visit, squares were visited.{left}",
    )


def plan_figure(placed: pl.DataFrame) -> Figure:
    """A scatter of the sites in kilometres east and north of their middle, equal scales."""
    middle_north, middle_east = float(placed["latitude"].mean()), float(placed["longitude"].mean())  # type: ignore[arg-type]
    north = (pl.col("latitude") - middle_north) * _KM
    east = (pl.col("longitude") - middle_east) * _KM * cos(radians(middle_north))
    traces = []
    for state in ("visited", "open", "must"):
        own = placed.filter(pl.col("state") == state).with_columns(north=north.round(2), east=east.round(2))
        if own.height:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": STATES[state],
                    "x": own["east"].to_list(),
                    "y": own["north"].to_list(),
                    "text": [name or code for name, code in own.select("site_name", "site_code").iter_rows()],
                    "hovertemplate": "%{text}<extra>" + STATES[state] + "</extra>",
                    "marker": {
                        "symbol": _SYMBOLS[state],
                        "size": 11,
                        "color": theme.colour(_COLOURS[state]),
                        "line": {"width": 2, "color": theme.colour(_COLOURS[state])},
                    },
                }
            )
    axis = {"zeroline": False, "ticksuffix": " km"}
    return figure(traces, height=520, xaxis=axis, yaxis={**axis, "scaleanchor": "x"}, hovermode="closest")


def certificates_table(visits: pl.DataFrame, names: Mapping[str | None, str], tenant: str, asked: Filters) -> str:
    """Every certificate: visited of required, what is owed, how long there is."""
    columns = [
        Column("holder", "Holder and certificate"),
        Column("visited", "Visited", "number"),
        Column("required", "Required", "number"),
        Column("outstanding", "Still to visit", "number", first_descending=True),
        Column("must", "Must-visit owed", "number", first_descending=True),
        Column("scope", "Sites in scope", "number"),
        Column("days", "Days to expiry", "number"),
    ]
    rows = [
        Row(
            row["certificate_code"],
            [
                table.text(
                    names.get(row["department_code"]) or row["department_code"] or tenant,
                    row["certificate_code"],
                    asked.href(certificate=row["certificate_code"], status=""),
                ),
                row["visited"],
                row["sites_required"],
                row["outstanding"],
                row["must_visit_outstanding"],
                row["sites_in_scope"],
                row["days_to_expiry"],
            ],
        )
        for row in visits.iter_rows(named=True)
    ]
    return table.table_json("Certificates, most owed first", columns, rows, find=len(rows) > 12)


def benchmark(visits: Mapping[str, Any]) -> Component:
    """IAF MD 1 as a help text; no rule of the scheme (measures.md section 5)."""
    number = visits["benchmark"]
    return components.details(
        "Benchmark, not a scheme rule",
        html.P(
            f"IAF MD 1 would sample, beside the central function, {number['initial']} of these sites at an initial "
            f"assessment, {number['surveillance']} at each surveillance review and {number['recertification']} at a "
            "renewal where the system has proved itself. The number stated in the certificate is what counts."
        ),
    )
