"""What the code of the dashboard reads from a request, found in its source."""

import ast
from functools import cache
from pathlib import Path

from tests.noninterference import known_values
from tests.noninterference.asks import known
from tests.noninterference.known_values import Known

ROOT = Path(__file__).parents[2]


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
