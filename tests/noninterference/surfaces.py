"""What there is to ask, found in the program itself: nothing here names a page, a callback, a route or a command."""

import ast
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from dash import Dash

from tests.noninterference import known_values
from tests.noninterference.known_values import Known

ROOT = Path(__file__).parents[2]
API = "/api/v1/"
# What anybody may have and holds no data: the program's own scripts and styles, byte for byte the same for everybody.
STATIC = ("assets", "_dash-component-suites", "_favicon.ico")


@dataclass(frozen=True)
class Ask:
    """One request: of which surface, which variant of it, and what it is made of.

    `said`: ids of others in it. `twin`: variants that differ only in whose id is said have the same; `whose` tells.
    """

    surface: str
    variant: str
    method: str
    path: str
    json: Any = None
    form: dict[str, str] | None = None
    said: tuple[str, ...] = ()
    twin: str = ""
    whose: str = "ours"
    headers: dict[str, str] = field(default_factory=dict)
    thorough: bool = False  # one of many alike: asked as a few people, not as everybody

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS") and self.path != "/_dash-update-component"


unknown: dict[str, None] = {}
"""What the surfaces found take and `known_values` does not know: sentences that say what to add."""


def known(table: dict[str, Known], what: str, name: str, where: str) -> Known:
    """The values for an argument; where there are none, words that mean nothing, and a sentence in `unknown`."""
    if name not in table:
        said = (
            f"{where} takes `{name}`, for which the proof has no value: add it to {what} in "
            "tests/noninterference/known_values.py, with a value of ours, one that only B has, and one that nobody has"
        )
        unknown[said] = None
    return table.get(name, Known(("nothing known",)))


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


@dataclass(frozen=True)
class Variant:
    """One way to fill something in; `value` is what it is filled with. The rest as in Ask."""

    name: str
    value: Any = None
    said: tuple[str, ...] = ()
    twin: str = ""
    whose: str = "ours"
    thorough: bool = False


def of_each(name: str, each: Known, filled: Callable[[Any], Any], thorough: bool) -> Iterator[Variant]:
    """Something filled with every value of an argument but the usual one."""
    for value in each.ours[1:]:
        yield Variant(f"{name}={value}", filled(value), thorough=thorough)
    for whose, value in (("theirs", each.theirs), ("nobodys", each.nobodys)):
        if value is not None:
            yield Variant(f"{name} {whose}", filled(value), _words(value), name, whose)


def varied(arguments: dict[str, Known]) -> Iterator[Variant]:
    """One argument at a time through all its values, the others as usual."""
    usual = {name: each.ours[0] for name, each in arguments.items() if each.ours}
    yield Variant("usual", usual)
    for name, each in arguments.items():
        yield from of_each(name, each, lambda value, name=name: {**usual, name: value}, thorough=True)


def _words(value: object) -> tuple[str, ...]:
    text = str(value)
    parts = {text, *(part for part in re.split(r"[~;]|[?&]\w+=", text) if len(part) > 3)}
    return tuple(
        sorted({*parts, *(quote(part, safe="") for part in parts), *(quote(part) for part in parts)}, key=len)
    )[::-1]


# --- addresses and pages ----------------------------------------------------------------------------------------------


def address_keys() -> tuple[str, ...]:
    """The keys that an address may have."""
    from dashboard import filters

    return filters._KEYS


# Keys that name something of a tenant on the server; `cell` comes on its own, `open` and `find` stay in the browser.
_NAMING = ("department", "certificate", "file", "load", "try")


def addresses(path: str, thorough: bool = True) -> Iterator[Variant]:
    """The addresses of a page. Not `thorough`: bare, several together, and those of others."""
    yield Variant("bare", path)
    together = {"as_of": known_values.ADDRESS["as_of"].ours[0], "basis": "self", "department": "HOU"}
    yield Variant("together", f"{path}?{urlencode(together)}")
    for key in address_keys():
        each = known(known_values.ADDRESS, "ADDRESS", key, "the address of a page")
        each = replace(each, ours=("", *each.ours) if thorough else ("",))
        for variant in of_each(key, each, lambda value, key=key: f"{path}?{urlencode({key: value})}", thorough=True):
            if variant.whose == "ours" or key in _NAMING:
                yield replace(variant, thorough=variant.whose == "ours")
            elif thorough:
                yield replace(variant, thorough=True)


def page_paths() -> dict[str, str]:
    """The path of each page by its name."""
    import dash

    return {page["module"].rpartition(".")[2]: page["path"] for page in dash.page_registry.values()}


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


# --- routes -----------------------------------------------------------------------------------------------------------


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


# --- the API ----------------------------------------------------------------------------------------------------------


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


# --- what the code reads from a request -------------------------------------------------------------------------------


def read_as(name: str, module: str, where: str) -> Known:
    """The values for something that a module reads from a request: of that module's own, or of any."""
    return known_values.READ.get(f"{module} {name}") or known(known_values.READ, "READ", name, where)


@cache
def read_in(file: Path) -> dict[str, dict[str, list[str]]]:
    """What a module reads from a request by name: kind (args, form, values, files, headers) -> name -> where."""
    told: dict[str, dict[str, list[str]]] = {}
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        for source, key in (_read(node), *_sent(node, tree)):
            if source:
                told.setdefault(source, {}).setdefault(key, []).append(f"{file.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
    return told


def _sent(node: ast.AST, tree: ast.Module) -> list[tuple[str, str]]:
    """The fields of a form that administration asks for: `sent("name", *MORE, many=("departments",))`."""
    match node:
        case ast.Call(func=ast.Name(id="sent"), args=given, keywords=named):
            many = [word.value for word in named if word.arg == "many"]
            asked = [
                *given,
                *(each for of in many for each in (of.elts if isinstance(of, ast.Tuple) else [ast.Starred(of)])),
            ]
        case _:
            return []
    constants = {
        target.id: [each.value for each in value.elts if isinstance(each, ast.Constant)]
        for line in tree.body
        if isinstance(line, ast.Assign) and isinstance(value := line.value, ast.Tuple)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    names: list[object] = []
    for each in asked:
        match each:
            case ast.Constant(value=name):
                names.append(name)
            case ast.Starred(value=ast.Name(id=name)):
                names += constants.get(name, [])
    return [("form", name) for name in names if isinstance(name, str)]


def read_names() -> dict[str, dict[str, list[str]]]:
    """The same of the whole dashboard."""
    told: dict[str, dict[str, list[str]]] = {}
    for file in sorted((ROOT / "dashboard").rglob("*.py")):
        for kind, names in read_in(file).items():
            for name, places in names.items():
                told.setdefault(kind, {}).setdefault(name, []).extend(places)
    return told


def _read(node: ast.AST) -> tuple[str, str]:
    match node:
        case ast.Call(
            func=ast.Attribute(value=source, attr="get" | "getlist"), args=[ast.Constant(value=str(key)), *_]
        ):
            pass
        case ast.Subscript(value=source, slice=ast.Constant(value=str(key))):
            pass
        case _:
            return "", ""
    match source:
        case ast.Attribute(value=ast.Name(id="request"), attr="args" | "form" | "values" | "files" | "headers" as kind):
            return kind, key
        case ast.Name(id="args" | "form" as kind):
            return kind, key
    return "", ""


# --- forms in pages ---------------------------------------------------------------------------------------------------


@dataclass
class Form:
    """A form as it stands in a page: where it goes, how, and its fields with what stands in them."""

    action: str
    method: str
    fields: dict[str, str]
    named: tuple[str, ...] = ()


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.inside: Form | None = None
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and told.get("href", "").startswith("/"):
            self.links.append(told["href"])
        if tag == "form":
            self.inside = Form(told.get("action", ""), told.get("method", "get").upper(), {})
            self.forms.append(self.inside)
        if self.inside is None or "disabled" in told:
            return
        name = told.get("name", "")
        if tag == "option" and self.select and (not self.inside.fields.get(self.select) or "selected" in told):
            self.inside.fields[self.select] = told.get("value", "")
        if tag == "select":
            self.select = name
            self.inside.fields.setdefault(name, "")
        if name and tag in ("input", "textarea", "button"):
            if told.get("type") == "radio" and name in self.inside.fields and "checked" not in told:
                return
            self.inside.fields[name] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        if tag == "select":
            self.select = ""


def forms_in(page: str) -> tuple[list[Form], list[str]]:
    """The forms of a page and the addresses it leads to, inside."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms, parser.links


def form_asks(path: str, form: Form, number: int) -> Iterator[Ask]:
    """A form as it stands, filled in, and with every id swapped for one of theirs and of nobody's."""
    action = form.action or path
    surface = f"{form.method} form {action.partition('?')[0]}"
    module = next(
        (part for part in action.partition("?")[0].split("/")[::-1] if f"{part} code" in known_values.READ), ""
    )
    filled = {}
    for name, value in form.fields.items():
        if name in known_values.UNVARIED:
            if name != "page":
                filled[name] = value
            continue
        each = read_as(name, module, f"the form on {path} that goes to {action}")
        filled[name] = value or str(each.ours[0] if each.ours else "")

    def asked(variant: str, values: dict[str, str], **more: Any) -> Ask:
        if form.method == "GET":
            return Ask(surface, f"{number} {variant}", "GET", f"{action.partition('?')[0]}?{urlencode(values)}", **more)
        return Ask(surface, f"{number} {variant}", "POST", action, form=values, **more)

    yield asked("as it stands", filled)
    for name in filled:
        if name in known_values.UNVARIED:
            continue
        each = read_as(name, module, surface)
        for whose, value in (("theirs", each.theirs), ("nobodys", each.nobodys)):
            if value is not None:
                yield asked(
                    f"{name} {whose}",
                    {**filled, name: str(value)},
                    said=_words(value),
                    twin=f"{number} {name}",
                    whose=whose,
                )


def link_asks(address: str) -> Iterator[Ask]:
    """An address that stands in a page, and the same with every id in it swapped for one of theirs and of nobody's."""
    parts = urlsplit(address)
    asked = dict(parse_qsl(parts.query))
    surface, module = f"GET link {parts.path}", parts.path.split("/")[2] if parts.path.count("/") > 1 else ""
    yield Ask(surface, "&".join(asked), "GET", address)
    for name in asked:
        if name in known_values.UNVARIED:
            continue
        each = read_as(name, module, f"the link to {parts.path}")
        for whose, value in (("theirs", each.theirs), ("nobodys", each.nobodys)):
            if value is not None:
                swapped = f"{parts.path}?{urlencode({**asked, name: value})}"
                yield Ask(surface, f"{name} {whose}", "GET", swapped, said=_words(value), twin=name, whose=whose)


def with_token(ask: Ask, page_token: str) -> Ask:
    """The request with the token of the page it comes from, as a browser of ours sends it."""
    if ask.form is not None:
        return replace(ask, form={**ask.form, "page": page_token})
    return replace(ask, headers={**ask.headers, "X-Assay-Page": page_token}) if ask.json is not None else ask


def once(asks: Iterable[Ask]) -> list[Ask]:
    """The requests in order, each surface and variant once."""
    return list({(ask.surface, ask.variant): ask for ask in asks}.values())
