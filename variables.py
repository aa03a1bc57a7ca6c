"""The settings of an installation: environment variables, each declared once, by the module that reads it.

Nothing else reads a variable whose name begins with ASSAY_, so what docs/operating.md says of settings, and what
`assay config check` finds out about them, are the declarations and nothing beside them (tests/test_variables.py).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from scheme.errors import UsageError

T = TypeVar("T")
_DECLARED: "dict[str, Variable[Any]]" = {}
FAMILY = "..."  # ends the name of a declaration that speaks of all variables that begin so


@dataclass(frozen=True)
class Variable(Generic[T]):
    """One setting: what it says in a plain sentence, what holds otherwise, and how its text is read.

    `usual` is read where nobody said anything. `parse` raises UsageError, which says what to write instead, and never
    repeats the text of one that is secret (an address with a password is).
    """

    name: str
    says: str
    otherwise: str
    parse: Callable[[str], T]
    usual: str = ""
    is_secret: bool = False

    def said(self) -> str:
        """What the environment says, without spaces around it; else what is usual."""
        return os.environ.get(self.name, "").strip() or self.usual

    def is_set(self) -> bool:
        """Whether the environment says anything; of a family, whether any of it is there."""
        if self.name.endswith(FAMILY):
            start = self.name.removesuffix(FAMILY)
            return any(name.startswith(start) and name != start for name in os.environ)
        return bool(os.environ.get(self.name, "").strip())

    def read(self) -> T:
        """What it says, read; UsageError, which says what to write, where it makes no sense."""
        return self.parse(self.said())

    def read_or_usual(self) -> T:
        """The same, or what is usual where it makes no sense: for what is read before anything can be told."""
        try:
            return self.read()
        except UsageError:
            return self.parse(self.usual)

    def fault(self) -> str | None:
        """What is wrong with it and how to mend it; None where it makes sense."""
        if self.name.endswith(FAMILY):
            return None
        try:
            self.read()
        except UsageError as error:
            return str(error)
        return None

    def of_family(self, name: str) -> str:
        """What one variable of this family says; AssertionError for a name that is not of it."""
        if not self.name.endswith(FAMILY) or not name.startswith(self.name.removesuffix(FAMILY)):
            raise AssertionError(f"{name} is not of the family {self.name}")
        return os.environ.get(name, "")

    def settle(self, text: str) -> None:
        """Say this for the programs that this one becomes or starts, where nobody said anything."""
        if not self.is_set():
            os.environ[self.name] = text


def declare(
    name: str, says: str, otherwise: str, parse: Callable[[str], T], usual: str = "", is_secret: bool = False
) -> Variable[T]:
    """Declare a setting; AssertionError where another module did so already."""
    made = Variable(name, says, otherwise, parse, usual, is_secret)
    known = _DECLARED.setdefault(name, made)
    if known.says != says:
        raise AssertionError(f"{name} is declared twice")
    return made


def declared() -> "Mapping[str, Variable[Any]]":
    """Every declaration by name of the modules that were imported; `dashboard.checking` imports all of them."""
    return MappingProxyType(_DECLARED)


def strangers() -> list[str]:
    """Variables that begin with ASSAY_ and that nobody declared, as a slip of the pen leaves them."""
    families = tuple(name.removesuffix(FAMILY) for name in _DECLARED if name.endswith(FAMILY))
    return sorted(
        name
        for name in os.environ
        if name.startswith("ASSAY_") and name not in _DECLARED and not (families and name.startswith(families))
    )


def text(said: str) -> str:
    """Any text."""
    return said


def whole(name: str, least: int, most: int) -> Callable[[str], int]:
    """A whole number from `least` to `most`."""

    def parse(said: str) -> int:
        if not (said.isascii() and said.isdecimal() and least <= int(said) <= most):
            raise UsageError(f"{name} is {said}; write a whole number from {least} to {most}")
        return int(said)

    return parse


def number(name: str, least: float, most: float) -> Callable[[str], float]:
    """A number from `least` to `most`."""

    def parse(said: str) -> float:
        try:
            found = float(said)
        except ValueError:
            found = float("nan")
        if not least <= found <= most:
            raise UsageError(f"{name} is {said}; write a number from {least:g} to {most:g}")
        return found

    return parse


def one_of(name: str, *words: str) -> Callable[[str], str]:
    """One of these words, or nothing."""

    def parse(said: str) -> str:
        if said and said not in words:
            raise UsageError(f"{name} is {said}; write {' or '.join(words)}, or leave it out")
        return said

    return parse
