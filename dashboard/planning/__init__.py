"""Planning a review: its scope kept as a draft, its itinerary, and the booking of both.

Plain pages that work without JavaScript, in the frame of administration. Drafts are apart from facts (db.drafts); what
is booked goes through the way in that files use (etl.run).
"""

from importlib import import_module

from flask import Flask

START = "/scope/plan"
MODULES = ("scopes", "itineraries", "booking", "files")


def add_planning(server: Flask) -> None:
    """Add /scope/plan and what lies below it to the server: what stands in each module's ROUTES."""
    for name in MODULES:
        for path, view, method in import_module(f"{__name__}.{name}").ROUTES:
            server.add_url_rule(path, f"planning.{view.__name__}", view, methods=[method])
