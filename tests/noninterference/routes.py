"""The server's routes: what there is to ask of them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from dash import Dash

from tests.noninterference import known_values
from tests.noninterference.api import API
from tests.noninterference.asks import Ask, Variant, known, of_each, varied
from tests.noninterference.known_values import Known
from tests.noninterference.reading import ROOT, read_as, read_in

# What anybody may have and holds no data: the program's own scripts and styles, byte for byte the same for everybody.
STATIC = ("assets", "_dash-component-suites", "_favicon.ico")


def rules(app: Dash) -> list[tuple[str, str, tuple[str, ...], str]]:
    """The server's routes but the static ones: rule, endpoint, arguments, method."""
    told = []
    for rule in app.server.url_map.iter_rules():
        if rule.rule.strip("/").split("/")[0] in STATIC or rule.rule.startswith(API):
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            told.append((rule.rule, rule.endpoint, tuple(sorted(rule.arguments)), method))
    return sorted(told)


# Pages whose forms are posted as they stand.
PLAIN = ("/administration", "/enter/", "/scenarios/", "/scope/plan", "/packs", "/meeting", "/reminders")


def is_plain(path: str) -> bool:
    """Whether an address is of such a page."""
    return path.startswith(PLAIN)


def route_asks(app: Dash) -> Iterator[Ask]:
    """Each route with each argument through all its values, those of its rule and those that its module reads."""
    for rule, endpoint, names, method in rules(app):
        surface = f"{method} {rule}"
        own = {name: known(known_values.ROUTE, "ROUTE", name, f"the route {surface}") for name in names}
        read = read_by(app.server.view_functions[endpoint], method)

        def asked(
            variant: Variant, path: str, query: dict[str, Any] | None = None, form: dict[str, Any] | None = None
        ) -> Ask:
            where = f"{path}?{urlencode(query)}" if query else path
            sent = {name: str(value) for name, value in form.items()} if form is not None else None
            return Ask(surface, variant.name, method, where, form=sent, said=variant.said, twin=variant.twin,  # noqa: B023
                       whose=variant.whose, thorough=variant.thorough)  # fmt: skip

        usual = {name: each.ours[0] for name, each in read.items() if each.ours}
        paths = list(varied(own))
        for each in paths:
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: quote(str(each.value[found[1]])), rule)  # noqa: B023
            yield asked(each, path, form=usual if method != "GET" else None)
        path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: quote(str(paths[0].value[found[1]])), rule)  # noqa: B023
        # Each plain form takes its own fields and no others: it is asked as it stands in its page.
        for name, each_known in () if method != "GET" and is_plain(rule) else read.items():
            for each in of_each(
                name, replace(each_known, ours=("", *each_known.ours)), lambda value: value, thorough=True
            ):
                if method == "GET":
                    yield asked(replace(each, name=f"?{each.name}"), path, query={name: each.value})
                else:
                    yield asked(replace(each, name=f"field {each.name}"), path, form={**usual, name: each.value})
        if method == "GET":
            together = {"as_of": known_values.ADDRESS["as_of"].ours[0], "department": "HOU", "certificate": "C-HOU"}
            yield asked(Variant("?together", thorough=True), path, query=together)
        for extra in (
            {"tenant": "BEE", "tenant_id": 2, "tenant_code": "BEE"},
            {"role": "operator", "email": "lead@bee.example"},
        ):
            yield asked(
                Variant(f"?{'&'.join(extra)}", thorough=True),
                path,
                query=extra,
                form=usual if method != "GET" else None,
            )


def read_by(view: Callable[..., Any], method: str) -> dict[str, Known]:
    """What the module of a view reads from addresses (GET) or from forms (any other method), with its values."""
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    file = Path(view.__code__.co_filename)
    told = read_in(file) if file.is_relative_to(ROOT / "dashboard") else {}
    kinds = ("args", "values") if method == "GET" else ("form", "values", "files")
    return {
        name: read_as(name, file.stem, f"the code at {places[0]}")
        for kind in kinds
        for name, places in sorted(told.get(kind, {}).items())
        if name not in known_values.UNVARIED
    }
