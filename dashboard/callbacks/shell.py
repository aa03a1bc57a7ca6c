"""What the frame around the pages does."""

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component

from dashboard import data, ids, shell
from dashboard.components import options
from dashboard.filters import filters
from dashboard.gate import SIGNED_IN, needs
from dashboard.identity import current_person, current_scope, page_token
from dashboard.language import said
from db import reminders, tenants
from db.session import open_session


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
    app.callback(Output(ids.WHO, "children"), Output(ids.NAVIGATION, "data-may"), Input(ids.URL, "pathname"))(
        update_who
    )
    app.callback(Output(ids.FRESHNESS, "children"), Output(ids.OPTIONS, "data-options"), Input(ids.VIEW, "data"))(
        update_freshness
    )


@needs(SIGNED_IN)
def update_who(_: str) -> tuple[list[Component], str]:
    """The organisation, the person and the way out; what the menu may show."""
    person, scope = current_person(), current_scope()
    with open_session(scope) as session:
        has_logo, unread = tenants.has_logo(session), reminders.waiting(session, scope, person.user_id)
    return shell.who(person, page_token(), unread, has_logo), " ".join(sorted(scope.permissions))


@needs(SIGNED_IN, kept=True)
def update_freshness(address: str | None) -> tuple[str | list[Component], str]:
    """How fresh the data is, and the departments that a filter bar may offer."""
    path = (address or "/").partition("?")[0]
    asked = filters(address, next((page.name for page in shell.PAGES if page.path == path), ""))
    view = data.view(current_scope(), asked.known_at)
    newest = data.latest_load(view)
    tree = data.tree(view, asked.as_of).drop_nulls("department_code")
    choices = [
        (code, "\u2003" * max(0, depth - 1) + name)
        for code, depth, name in tree.select("department_code", "depth", "name").iter_rows()
    ]
    fresh: str | list[Component] = said("Nothing has been loaded yet")
    if newest is not None:
        fresh = shell.fresh(*newest, asked.known_at)
    return fresh, options(department=choices)
