"""The API as it describes itself: what there is to ask of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from dash import Dash

from tests.noninterference import known_values
from tests.noninterference.asks import Ask, Variant, known, of_each

API = "/api/v1/"


def api_asks(app: Dash, described: dict[str, Any]) -> Iterator[Ask]:
    """Each address of the API's own description, with each argument through all its values."""
    there = {
        (method, rule.rule)
        for rule in app.server.url_map.iter_rules()
        if rule.rule.startswith(API)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }
    told = {
        (method.upper(), API + path.removeprefix(API[:-1]).lstrip("/"))
        for path, of in described["paths"].items()
        for method in of
        if method in ("get", "post", "put", "patch", "delete")
    }
    # A description may name an address with an argument once, or once for each of its values.
    untold = {
        (method, rule)
        for method, rule in there
        if not any(m == method and re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", rule), path) for m, path in told)
    }
    assert untold <= {("GET", API), ("GET", f"{API}openapi.json")}, (
        f"the API answers at {sorted(untold)} and does not describe it: add it to dashboard/openapi.py, from which the "
        "proof learns what to ask"
    )
    for method, path in sorted({*told, *untold}):
        described_here = described["paths"].get(path) or described["paths"].get(path.removeprefix(API[:-1]), {})
        operation = described_here.get(method.lower(), {})
        arguments = {
            each["name"]: (each["in"], known(known_values.API, "API", each["name"], f"{method} {path} of the API"))
            for each in (*described_here.get("parameters", ()), *operation.get("parameters", ()))
        }
        body = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {})
        fields = {
            name: known(known_values.API, "API", name, f"{method} {path} of the API")
            for name in body.get("properties", {})
        }
        usual = {name: each.ours[0] for name, (where, each) in arguments.items() if where == "path"}

        def asked(variant: Variant, values: dict[str, Any], more: dict[str, Any]) -> Ask:
            where = re.sub(r"{(\w+)}", lambda found: quote(str(values[found[1]])), path)  # noqa: B023
            query = {n: v for n, v in values.items() if n in arguments and arguments[n][0] == "query"}  # noqa: B023
            form = None if method == "GET" else {"file": "FILES", **more}  # noqa: B023
            return Ask(f"API {method} {path}", variant.name, method, f"{where}?{urlencode(query)}" if query else where,  # noqa: B023
                       form=form, said=variant.said, twin=variant.twin, whose=variant.whose)  # fmt: skip

        yield asked(Variant("usual"), usual, {})
        yield asked(Variant("tenant"), usual, {"tenant": "BEE"})
        for name, (_, each) in arguments.items():
            for variant in of_each(name, replace(each, ours=(None, *each.ours)), lambda value: value, thorough=False):
                yield asked(variant, {**usual, name: variant.value}, {})
        for name, each in fields.items():
            for variant in of_each(name, replace(each, ours=each.ours[:1]), lambda value: value, thorough=False):
                yield asked(variant, usual, {name: str(variant.value)})
