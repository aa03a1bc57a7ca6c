"""One request as the proof asks it, and the ways to fill in what a surface takes."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from tests.noninterference.known_values import Known


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
            yield Variant(f"{name} {whose}", filled(value), words(value), name, whose)


def varied(arguments: dict[str, Known]) -> Iterator[Variant]:
    """One argument at a time through all its values, the others as usual."""
    usual = {name: each.ours[0] for name, each in arguments.items() if each.ours}
    yield Variant("usual", usual)
    for name, each in arguments.items():
        yield from of_each(name, each, lambda value, name=name: {**usual, name: value}, thorough=True)


def words(value: object) -> tuple[str, ...]:
    text = str(value)
    parts = {text, *(part for part in re.split(r"[~;]|[?&]\w+=", text) if len(part) > 3)}
    return tuple(
        sorted({*parts, *(quote(part, safe="") for part in parts), *(quote(part) for part in parts)}, key=len)
    )[::-1]


def with_token(ask: Ask, page_token: str) -> Ask:
    """The request with the token of the page it comes from, as a browser of ours sends it."""
    if ask.form is not None:
        return replace(ask, form={**ask.form, "page": page_token})
    return replace(ask, headers={**ask.headers, "X-Assay-Page": page_token}) if ask.json is not None else ask


def once(asks: Iterable[Ask]) -> list[Ask]:
    """The requests in order, each surface and variant once."""
    return list({(ask.surface, ask.variant): ask for ask in asks}.values())
