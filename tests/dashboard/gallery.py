"""A page with every part that pages are made of, at /gallery of a dashboard that tests serve."""

import random
from datetime import date

import dash
from dash import Dash, Input, Output, State, html

from dashboard import components, figures, ids, table
from dashboard.filters import cell, filters
from dashboard.gate import needs
from dashboard.table import Column, Group, Row, table_json
from db.roles import RESULTS
from scheme.errors import UsageError
from scheme.standard import ALL_BANDS, shipped

STANDARD = shipped("cse")
STATUSES = ("fails", "at_limit", "incomplete", "passes", "indication")
STATES = ("looked_at", "elsewhere", "planned", "owed", "missed", "open")


@needs(RESULTS)
def layout(**_: object) -> html.Div:
    return components.page(
        "Gallery",
        components.headline("gallery-headline"),
        components.filter_bar(
            "gallery",
            "as_of",
            "compare",
            "basis_and_difference",
            "department",
            components.Choice("mode", "Show", [("", "Status and headroom"), ("share", "Share"), ("bands", "Bands")]),
        ),
        html.Div(id="gallery-chips"),
        components.stack(
            components.table_place("gallery-dense"),
            components.legend(STANDARD, "bands"),
            components.legend(STANDARD, "headroom"),
            components.legend(STANDARD, "coverage"),
            components.table_place("gallery-kinds"),
            components.table_place("gallery-bands"),
            components.table_place("gallery-many"),
            components.table_place("gallery-none"),
            components.place("gallery-chart"),
            components.cards(
                components.card("A card", html.P("With a sentence."), html.P(components.status_word("at_limit"))),
                components.card("A card to be filled", id="gallery-card"),
            ),
            components.empty_state(
                "Nothing here yet",
                "This organisation has sent no results so far.",
                ["Put the files into a folder", html.Code("assay load results.csv --tenant demo")],
            ),
            components.details("Details", html.P("File results.xlsx, sheet 1, row 17, load 12.")),
            html.Button("Fail plainly", id="gallery-fail-plainly", className="btn btn-primary"),
            html.Button("Fail badly", id="gallery-fail-badly", className="btn btn-primary"),
            html.Div(id="gallery-failed"),
        ),
        components.drawer("gallery"),
    )


def register(app: Dash) -> None:
    app.callback(
        Output("gallery-headline", "children"),
        Output("gallery-chips", "children"),
        *(Output(f"gallery-{name}", "data-table") for name in ("dense", "kinds", "bands", "many", "none")),
        Output("gallery-chart", "children"),
        Input(ids.VIEW, "data"),
    )(update_gallery)
    app.callback(
        Output(ids.drawer_title("gallery"), "children"),
        Output(ids.drawer_body("gallery"), "children"),
        Input(ids.CELL, "data"),
        State(ids.VIEW, "data"),
    )(update_details)
    app.clientside_callback(
        dash.ClientsideFunction("assay", "isOpen"), Output("gallery-drawer", "is_open"), Input(ids.CELL, "data")
    )
    app.clientside_callback(
        dash.ClientsideFunction("assay", "closed"),
        Input("gallery-drawer", "is_open"),
        State(ids.CELL, "data"),
        prevent_initial_call=True,
    )
    for name in ("plainly", "badly"):
        app.callback(
            Output("gallery-failed", "children", allow_duplicate=True),
            Input(f"gallery-fail-{name}", "n_clicks"),
            prevent_initial_call=True,
        )({"plainly": fail_plainly, "badly": fail_badly}[name])


@needs(RESULTS)
def fail_plainly(_: int) -> str:
    raise UsageError("this is what went wrong; do something about it")


@needs(RESULTS)
def fail_badly(_: int) -> str:
    raise ValueError("secret: /var/lib/secret.db")


@needs(RESULTS)
def update_gallery(address: str | None) -> tuple:
    asked = filters(address, "gallery")
    chips = components.chips(
        [
            ("All", 41, asked.href(status=None), not asked.status),
            *((code.replace("_", " ").capitalize(), 5, asked.href(status=code), asked.status == code)
              for code in STATUSES[:4]),
        ]
    )  # fmt: skip
    return (
        f"3 of 41 departments fail and 5 are at their limit, asked as of {asked.as_of}.",
        chips,
        dense(asked),
        kinds(),
        bands(12 if asked.mode == "share" else 300),  # axe takes long over thousands of cells
        many(12 if asked.mode == "share" else 2000),
        table_json("An empty table", [Column("name", "Name")], [], empty="No departments yet."),
        chart(),
    )


@needs(RESULTS)
def update_details(value: str, _: str | None) -> tuple[str, object]:
    place = cell(value)
    if place is None:
        return "Details", ""
    return f"{place[0] or 'Corporate body'}, {place[1]}", [
        html.P("What this cell is made of."),
        components.table("gallery-inner", kinds(4)),
    ]


def chance(seed: object) -> random.Random:
    return random.Random(str(seed))


def headroom_of(draw: random.Random) -> table.Cell:
    status = draw.choice([*STATUSES[:4], None])
    partial = {"fails": 3, "at_limit": 2}.get(status or "", draw.randint(0, 1))
    return table.headroom(status, partial, 2, int(status == "fails"), 2 * (status == "incomplete"), draw.choice([0, 0, 1, -1]))  # fmt: skip  # noqa: E501


def dense(asked: object) -> str:
    columns = [
        Column("name", "Department"),
        *(
            Column(c.code, f"{c.code} {c.title}", "headroom", f"Criterion {c.code}: {c.title}", opens=True,
                   expand=f"/gallery?criterion={c.code}")
            for c in STANDARD.criteria
        ),
        Column("share", "Share", "share", first_descending=True),
        Column("status", "Status", "status"),
    ]  # fmt: skip
    rows = []
    for number in range(41):
        draw = chance(number)
        depth = 0 if number == 0 else 1 if number % 4 == 1 else 2
        cells = [headroom_of(draw) for _ in STANDARD.criteria]
        name = "Northshire County Council" if number == 0 else f"Department {number} of Adult Care and Housing"
        rows.append(
            Row(f"D{number}" if number else "", [name, *cells, draw.random(), draw.choice(STATUSES)], depth, True)
        )
    return table_json(
        "Departments by criterion", columns, rows, tree=True, dense=True, find="url", say="41 departments, 3 fail"
    )


def kinds(rows: int = 12) -> str:
    columns = [
        Column("name", "Name"),
        Column("code", "Code"),
        Column("number", "Number", "number", first_descending=True),
        Column("day", "Day", "day"),
        Column("status", "Status", "status"),
        Column("marks", "Partials used", "marks"),
        Column("counts", "Bands", "counts"),
        Column("share", "Share", "share"),
        Column("state", "Year 1", "state"),
        Column("change", "Since last year", "change"),
        Column("link", "Evidence", "link"),
    ]
    made = []
    for number in range(rows):
        draw = chance(f"kinds {number}")
        missing = number == 3
        made.append(
            Row(
                f"K{number}",
                [
                    table.text(f"Row {number}", "Northshire › Adult care"),
                    f"C{number}.{number % 3 + 9}",
                    None if missing else draw.randint(0, 20000),
                    None if missing else date(2020 + number % 6, 1 + number % 12, 7),
                    None if missing else STATUSES[number % 5],
                    None if missing else headroom_of(draw),
                    None if missing else table.counts(1, 9, 2, number % 2, 1, number % 3, rolled_up=number % 4 == 0),
                    None if missing else table.share(draw.random(), "46 of 57"),
                    STATES[number % 6],
                    None if missing else table.change(number % 3 - 1, ["Worse", "Same", "Better"][number % 3]),
                    table.link("minutes.pdf", ["https://example.org/a", "javascript:alert(1)"][number % 2]),
                ],
                href=f"/gallery?department=K{number}" if number % 2 else None,
            )
        )
    return table_json("Every kind of cell", columns, made, bands=STANDARD.bands, sort="-number", note="A note.")


def bands(count: int) -> str:
    groups = {
        c.code: Group(f"{c.code} {c.title}", f"Criterion {c.code}: {c.title}", "/gallery") for c in STANDARD.criteria
    }
    subs = {s.code: Group(s.code, f"{s.code} {s.title}") for c in STANDARD.criteria for s in c.sub_criteria}
    columns = [Column("name", "Department")]
    last = None
    for e in STANDARD.elements:
        columns.append(
            Column(e.code, e.code, "band", f"{e.code} {e.title}", (groups[e.criterion], subs[e.sub_criterion]),
                   opens=True, edge=e.sub_criterion != last)
        )  # fmt: skip
        last = e.sub_criterion
    rows = []
    for number in range(count):
        draw = chance(f"bands {number}")
        cells = []
        for _ in STANDARD.elements:
            code = draw.choices([*ALL_BANDS, None], [2, 8, 3, 1, 1, 2])[0]
            age = draw.randint(0, 3)
            cells.append(
                table.band(code, age, old=age == 3 and draw.random() < 0.4, rolled_up=draw.random() < 0.1,
                           worse_below=draw.random() < 0.05, change=draw.choice([0, 0, 0, 0, 1, -1]))
            )  # fmt: skip
        rows.append(Row(f"D{number}", [f"Department {number}", *cells]))
    return table_json("Departments by element", columns, rows, bands=STANDARD.bands, dense=True)


def many(count: int) -> str:
    columns = [
        Column("name", "Department"),
        Column("status", "Status", "status"),
        Column("why", "Why"),
        Column("day", "Last data", "day"),
        Column("code", "Code"),
    ]
    rows = [
        Row(f"M{n}", [f"Département {n}", STATUSES[n % 5], f"Criterion {n % 5 + 1}: {n % 4} partials, 2 allowed",
                      date(2024, 1 + n % 12, 1 + n % 28) if n % 7 else None, f"D{n}.{n % 13}"],
            href=f"/gallery?department=M{n}")
        for n in range(count)
    ]  # fmt: skip
    return table_json("Two thousand departments", columns, rows, empty="No departments match.")


def chart() -> html.Figure:
    years = [2021, 2022, 2023, 2024, 2025]
    plus = [1, 2, 2, 4, 7]
    drawn = figures.figure(
        [{"type": "bar", "x": years, "y": plus, "name": "Compliance plus"}], yaxis={"title": {"text": "Elements"}}
    )
    rows = [Row(str(year), [str(year), number]) for year, number in zip(years, plus, strict=True)]
    data = table_json("Elements at compliance plus", [Column("year", "Year"), Column("n", "Elements", "number")], rows)
    return components.chart(
        "gallery-figure", "Elements at compliance plus", drawn, data, "From 1 in 2021 to 7 in 2025."
    )


def gallery_app() -> Dash:
    """A dashboard like the real one with the gallery as one more page."""
    from dashboard.app import create_app

    app = create_app()
    dash.register_page("tests.gallery", path="/gallery", name="Gallery", title="Gallery – Assay", layout=layout)
    register(app)
    return app


if __name__ == "__main__":
    import sys

    gallery_app().server.run(port=int(sys.argv[1]), threaded=True)
