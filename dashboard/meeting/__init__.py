"""A meeting: a walk through an agenda on a frozen snapshot, in large type, with notes, decisions and minutes.

Plain pages that work without JavaScript; assets/meeting.js turns the wall into steps. What is written down is a draft
(db.drafts); an action goes through the way in that files use (etl.run).
"""

from importlib import import_module

from flask import Flask

START = "/meeting"
MODULES = ("starting", "wall", "writing", "minutes")


def add_meeting(server: Flask) -> None:
    """Add /meeting and what lies below it to the server: what stands in each module's ROUTES."""
    for name in MODULES:
        for path, view, method in import_module(f"{__name__}.{name}").ROUTES:
            server.add_url_rule(path, f"meeting.{view.__name__}", view, methods=[method])
