"""What the frame around the pages does."""

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component

from dashboard import data, ids, shell
from dashboard.components import options
from dashboard.filters import filters
from dashboard.identity import current_person, current_scope


def register(app: Dash) -> None:
    """Wire the frame: the address, who is signed in, freshness, departments to choose from, drawers."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("assay", "view"),
        Output(ids.VIEW, "data"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
        State(ids.VIEW, "data"),
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("assay", "cell"), Output(ids.CELL, "data"), Input(ids.URL, "search"), State(ids.CELL, "data")
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("assay", "quiet"),
        Output(ids.MESSAGE, "children"),
        Input(ids.VIEW, "data"),
        Input(ids.CELL, "data"),
        prevent_initial_call=True,
    )
    for page in shell.PAGES:
        drawer = ids.drawer(page.name)
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("assay", "isOpen"), Output(drawer, "is_open"), Input(ids.CELL, "data")
        )
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("assay", "closed"),
            Input(drawer, "is_open"),
            State(ids.CELL, "data"),
            prevent_initial_call=True,
        )
    app.callback(Output(ids.WHO, "children"), Input(ids.URL, "pathname"))(update_who)
    app.callback(Output(ids.FRESHNESS, "children"), Output(ids.OPTIONS, "data-options"), Input(ids.VIEW, "data"))(
        update_freshness
    )


def update_who(_: str) -> list[Component]:
    """The organisation, the person and the way out."""
    return shell.who(current_person())


def update_freshness(address: str | None) -> tuple[str, str]:
    """How fresh the data is, and the departments that a filter bar may offer."""
    path = (address or "/").partition("?")[0]
    asked = filters(address, next((page.name for page in shell.PAGES if page.path == path), ""))
    view = data.view(current_scope(), asked.known_at)
    loads = data.loads(view)
    tree = data.tree(view, asked.as_of).drop_nulls("department_code")
    choices = [
        (code, "\u2003" * max(0, depth - 1) + name)
        for code, depth, name in tree.select("department_code", "depth", "name").iter_rows()
    ]
    fresh = "Nothing has been loaded yet"
    if not loads.is_empty():
        newest = loads.row(0, named=True)
        fresh = shell.freshness(newest["load"], newest["finished_at"], newest["sent_by"], asked.known_at)
    return fresh, options(department=choices)
