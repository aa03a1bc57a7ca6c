"""The forms and links that stand in pages: what there is to ask by them."""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.noninterference import known_values
from tests.noninterference.asks import Ask, words
from tests.noninterference.reading import read_as


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
                    said=words(value),
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
                yield Ask(surface, f"{name} {whose}", "GET", swapped, said=words(value), twin=name, whose=whose)
