"""What surfaces take, for which the proof has no value: nothing here names a page, a callback, a route or a command."""

from dash import Dash

from tests.noninterference import known_values
from tests.noninterference.asks import known, unknown
from tests.noninterference.callbacks import callback_asks
from tests.noninterference.reading import read_names
from tests.noninterference.routes import route_asks


def owed(app: Dash) -> list[str]:
    """What every surface that the program names takes, and `known_values` does not know."""
    unknown.clear()
    for _ in (*route_asks(app), *callback_asks(app)):
        pass
    for kind, names in read_names().items():
        for name, places in names.items():
            table = known_values.HEADERS if kind == "headers" else known_values.READ
            if name not in table and name not in known_values.UNVARIED:
                known({}, "HEADERS" if kind == "headers" else "READ", name, f"the code at {places[0]}")
    return list(unknown)
