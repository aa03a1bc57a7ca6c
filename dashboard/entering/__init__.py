"""Entering by hand: plain forms that say or correct one result, visit, booked review, action or piece of evidence.

They work without JavaScript and go through the way in that files use (etl.run), so that what they say is checked as a
file is, and stays as history. Somebody with departments of their own says something of these alone, and is offered no
other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from flask import Flask
from werkzeug.wrappers import Response

START = "/enter"


@dataclass(frozen=True)
class Form:
    """A form: its name in the address, the view that shows it and the one that takes it."""

    name: str
    shown: Callable[[], Response]
    taken: Callable[[], Response]


MODULES = ("results", "visits", "reviews", "actions", "evidence")


def add_entering(server: Flask) -> None:
    """Add every form to the server: what stands in a module's FORMS."""
    for name in MODULES:
        for form in import_module(f"{__name__}.{name}").FORMS:
            for view, method in ((form.shown, "GET"), (form.taken, "POST")):
                endpoint = f"entering.{form.name}.{method.lower()}"
                server.add_url_rule(f"{START}/{form.name}", endpoint, view, methods=[method])
