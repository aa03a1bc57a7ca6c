"""Reminders: what each person is told and chose (`pages`), letters (`run`, `letters`, `post`), calendars (`feed`)."""

from flask import Flask

from dashboard.reminding import feed, pages


def add_reminding(server: Flask) -> None:
    """Add /reminders and /feed/ to the server."""
    for path, view, method in (*pages.ROUTES, *feed.ROUTES):
        server.add_url_rule(path, f"reminding.{view.__name__}", view, methods=[method])
