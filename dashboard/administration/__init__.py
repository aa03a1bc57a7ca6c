"""Administration: plain pages that work without JavaScript, in which an organisation looks after itself.

A page is a line of PAGES and a module of that name, whose ROUTES say which view answers at which address. Every view
declares what it needs (dashboard.gate) and touches the rows of the scope's own tenant alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from dashboard import words
from db.roles import ADMINISTER, AUDIT

START = "/administration"


@dataclass(frozen=True)
class Page:
    """A page of administration: its module, its words in the menu, its picture, what it is for and what it needs."""

    name: str
    title: str
    icon: str
    about: str
    needs: str = ADMINISTER

    @property
    def path(self) -> str:
        """Where the page is."""
        return f"{START}/{self.name}"


@dataclass(frozen=True)
class Route:
    """An address of a page, below the page's own ("" is the page itself), the view that answers there, and how."""

    below: str
    view: Callable[..., Any]
    methods: tuple[str, ...] = ("GET",)


PAGES = (
    Page("people", "People", "bi-people", "Who may sign in, as what, where and until when; the operator's visits."),
    Page("groups", "Groups", "bi-diagram-2", "Which role the groups of your sign-on service bring with them."),
    Page("tokens", "Tokens", "bi-key", "Programs that send files or read measures by themselves."),
    Page("links", "Links", "bi-link-45deg", "Outside assessors who look at one certificate, until a day."),
    Page("departments", "Departments", "bi-diagram-3", "Open, close, rename, move, merge and recode them."),
    Page("sites", "Sites", "bi-geo-alt", "Where customers are served, and whose sites they are."),
    Page("certificates", "Certificates", "bi-award", "What was awarded to whom, from when until when."),
    Page("profiles", "Profiles", "bi-rulers", "How your certification body applies the standard, version by version."),
    Page("sources", "Sources", "bi-translate", "How each sender's headings and words are read."),
    Page("settings", "Settings", "bi-sliders", "What your organisation decides for itself."),
    Page("audit", "Audit log", "bi-journal-check", "Who did what, when and from where.", AUDIT),
)


def breakable(address: str) -> Markup:
    """An e-mail address or a path that may be broken into lines after its signs."""
    return Markup(re.sub(r"([@/.])", r"\1<wbr>", str(escape(address))))  # noqa: S704 (escaped before)


def add_administration(server: Flask) -> None:
    """Add the start page and every page of PAGES to the server."""
    server.add_template_filter(words.day)
    server.add_template_filter(words.moment)
    server.add_template_filter(breakable)
    # The second is reached from a load on the Data page alone.
    for name, path in (
        ("start", START),
        ("withdrawals", f"{START}/withdraw"),
        *((page.name, page.path) for page in PAGES),
    ):
        routes: tuple[Route, ...] = import_module(f"{__name__}.{name}").ROUTES
        for route in routes:
            endpoint = f"administration.{name}.{route.view.__name__}"
            server.add_url_rule(path + route.below, endpoint, route.view, methods=list(route.methods))
