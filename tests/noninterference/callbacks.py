"""The callbacks whose body runs on the server: what there is to ask of them, and what a stranger would forge."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dash import Dash

from tests.noninterference import known_values
from tests.noninterference.addresses import addresses, page_paths
from tests.noninterference.asks import Ask, Variant, known, of_each
from tests.noninterference.known_values import Known


def callbacks(app: Dash) -> dict[str, dict[str, Any]]:
    """The callbacks whose body runs on the server, by their output."""
    return {output: known for output, known in app.callback_map.items() if "callback" in known}


def _page_of(output: str) -> str | None:
    owner = output.strip(".").split(".")[0]
    return next((name for name in page_paths() if owner.startswith(f"{name}-")), None)


def callback_asks(app: Dash) -> Iterator[Ask]:
    """Each callback with each of its arguments through all their values."""
    for output, declared in callbacks(app).items():
        items = [*declared["inputs"], *declared["state"]]
        arguments = {
            _name(item): list(
                _values(
                    known(known_values.CALLBACK, "CALLBACK", _name(item), f"the callback of {output}"),
                    _page_of(output),
                    thorough=len(items) == 1,
                )
            )
            for item in items
        }
        usual = {name: variants[0].value for name, variants in arguments.items()}

        def asked(name: str, values: dict[str, Any], also: dict[str, Any] | None = None, **more: Any) -> Ask:
            body = {**callback_body(output, declared, values), **(also or {})}  # noqa: B023  # used at once
            return Ask(f"callback {output}", name, "POST", "/_dash-update-component", json=body, **more)  # noqa: B023

        for name, variants in arguments.items():
            for each in variants:
                twin = each.twin and f"{name} {each.twin}"
                more = {"said": each.said, "twin": twin, "whose": each.whose, "thorough": each.thorough}
                yield asked(f"{name} {each.name}", {**usual, name: each.value}, **more)
        for extra in ("tenant", "tenant_code", "scope"):  # what no callback declares
            yield asked(f"with {extra}", usual, thorough=extra != "tenant", also={extra: "BEE", "tenant_id": 2})
        if len(arguments) > 1:  # all of them of others: details of another's cell, on another's page
            theirs = {
                name: next((v for v in variants if v.whose == "theirs"), variants[0])
                for name, variants in arguments.items()
            }
            said = tuple(word for each in theirs.values() for word in each.said)
            yield asked("all theirs", {name: each.value for name, each in theirs.items()}, said=said)


def _name(item: dict[str, Any]) -> str:
    owner = item["id"]
    if isinstance(owner, str) and owner.startswith("{"):
        owner = json.loads(owner).get("type", owner)
    return f"{owner}.{item['property']}"


def _values(each: Known, page: str | None, thorough: bool = True) -> Iterator[Variant]:
    paths = page_paths()
    if each is known_values.PAGES:
        for path in paths.values():
            yield Variant(path, path, thorough=path != "/")
    elif each is known_values.ADDRESSES:
        own = paths.get(page or "")
        yield from addresses(own or "/", thorough and own is not None)
        for path in paths.values() if own is None else ():
            yield Variant(path, path)
        if own is not None:
            yield Variant("of another page", next(path for path in paths.values() if path != own), thorough=True)
    else:
        yield Variant(str(each.ours[0]), each.ours[0])
        yield from (
            replace(variant, thorough=False) for variant in of_each("value", each, lambda value: value, thorough=False)
        )


def callback_body(output: str, declared: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """A well-formed body for a callback."""
    parts = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
    outputs = [{"id": owner, "property": name} for owner, name in parts]

    def told(items: list[dict[str, Any]]) -> list[Any]:
        return [_told(item, values[_name(item)]) for item in items]

    inputs = told(declared["inputs"])
    first = inputs[0] if inputs and isinstance(inputs[0], dict) else None
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": told(declared["state"]),
        "changedPropIds": [f"{first['id']}.{first['property']}"] if first else [],
    }


def _told(item: dict[str, Any], value: Any) -> Any:
    owner = item["id"]
    if isinstance(owner, str) and owner.startswith("{"):
        pattern = json.loads(owner)
        one = {key: ("HOU" if isinstance(kind, list) else kind) for key, kind in pattern.items()}
        said = {"id": one, "property": item["property"], "value": value}
        return [said] if any(kind in (["ALL"], ["ALLSMALLER"]) for kind in pattern.values()) else said
    return {**item, "value": value}


def forged(app: Dash) -> Iterator[Ask]:
    """Bodies as a stranger would write them (reliability.md D3): no answer to one may hold anything of another."""
    scalars: tuple[Any, ...] = (
        None, 0, -1, 2, True, 1.5, "", "BEE", "CANARY", [], ["BEE-17"], {}, {"tenant": "BEE", "role": "administrator"},
        "x" * 3000, "//bee", "/heatmap?department=BEE-17&department=HOU", "/?tenant=BEE", "BEE-17~1.1.1", "~", "\x00",
        "/heatmap?as_of=0001-01-01", "/data?load=999999999999999999999999",
    )  # fmt: skip
    extras = {
        "tenant": "BEE",
        "tenant_id": 2,
        "role": "operator",
        "scope": {"tenant_id": 2},
        "user": "lead@bee.example",
    }
    for output, declared in callbacks(app).items():
        items = [*declared["inputs"], *declared["state"]]
        usual = {_name(i): next(_values(known_values.CALLBACK[_name(i)], _page_of(output))).value for i in items}
        good = callback_body(output, declared, usual)

        def asked(variant: str, body: Any, name: str = output) -> Ask:
            return Ask(f"forged {name}", variant, "POST", "/_dash-update-component", json=body)

        for key in ("inputs", "state"):
            for place, item in enumerate(good[key]):
                if isinstance(item, dict):
                    for number, value in enumerate(scalars):
                        items_now = [*good[key]]
                        items_now[place] = {**item, "value": value}
                        yield asked(f"{key} {place} scalar {number}", {**good, key: items_now})
            yield asked(f"{key} missing", {name: value for name, value in good.items() if name != key})
            yield asked(f"{key} twice", {**good, key: good[key] * 2})
            yield asked(f"{key} empty", {**good, key: []})
            yield asked(f"{key} replaced", {**good, key: [{"id": "who", "property": "tenant", "value": "BEE"}]})
            wild = [
                {"id": {"type": "tenant", "index": each}, "property": "data", "value": 2} for each in ("ALL", 2, "BEE")
            ]
            yield asked(f"{key} wild", {**good, key: [wild, *wild]})
        yield asked("extras", {**good, **extras})
        yield asked(
            "extras in inputs", {**good, "inputs": [{**i, **extras} for i in good["inputs"] if isinstance(i, dict)]}
        )
        for trigger in (
            "shell-view.data",
            "shell-cell.data",
            '{"index":"BEE-17","type":"x"}.n_clicks',
            "x.y",
            "....",
            "",
        ):
            yield asked(f"trigger {trigger}", {**good, "changedPropIds": [trigger]})
        for other in itertools.islice((o for o in callbacks(app) if o != output), 2):
            yield asked("other's output", {**good, "output": other})
