"""Where a source's files come from: the table [from] of a source (docs/sending.md), checked as far as it can be alone.

Whether the operator allows it is etl.allowed's to say, each time it is asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from etl.allowed import is_a_name
from etl.schedule import Schedule, schedule_of
from scheme.errors import UsageError
from scheme.letters import likeness

Place = Literal["folder", "glob", "url", "store", "database_env"]
PLACES: tuple[Place, ...] = ("folder", "glob", "url", "store", "database_env")
_SHARED = ("every", "at", "time_zone", "strict", "withdraw_missing")
_OWN: dict[str, tuple[str, ...]] = {
    "folder": ("settle_seconds",),
    "glob": ("settle_seconds",),
    "url": ("token_env", "file"),
    "store": ("endpoint_env", "account_env", "key_env", "region"),
    "database_env": ("table", "query"),
}
_BUCKET = r"[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]"
_STORE = re.compile(rf"(s3|az|gs)://({_BUCKET})(/[^?#\\]*)?")


@dataclass(frozen=True)
class Origin:
    """A place of one kind, when it is looked at, and how its files are taken; `said` holds the keys of its kind."""

    kind: Place
    place: str
    said: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    settle_seconds: int = 60
    strict: bool = False
    withdraw_missing: bool = False

    def in_words(self) -> str:
        """Where its files come from, in words that hold no secret."""
        match self.kind:
            case "folder":
                return f"folder {self.place}"
            case "glob":
                return f"files {self.place}"
            case "url":
                return f"address {urlsplit(self.place).scheme}://{urlsplit(self.place).netloc}"
            case "store":
                return f"object store {self.place}"
            case _:
                return f"database, table {self.said['table']}" if "table" in self.said else "database, a query"


def origin_of(said: object, where: str) -> Origin | None:
    """What [from] says, None where there is none; UsageError names the key that cannot be used."""
    if said is None:
        return None
    if not isinstance(said, dict):
        raise UsageError(f"{where}: `from` must be a table: write [from] on a line, then its entries below")
    kinds = [kind for kind in PLACES if kind in said]
    if len(kinds) != 1:
        raise UsageError(f"{where}: [from] needs exactly one of {', '.join(PLACES)}")
    kind = kinds[0]
    known = (kind, *_OWN[kind], *_SHARED)
    for key in said:
        if key not in known:
            near = likeness(known)(key)
            meant = f" (did you mean {near}?)" if near else ""
            raise UsageError(f"{where}: [from] has an unknown key `{key}`{meant}; with {kind}: {', '.join(known)}")
    words = {key: _text(said, key, where) for key in (kind, *_OWN[kind]) if key in said and key != "settle_seconds"}
    for key, value in words.items():
        if key.endswith("_env") and not is_a_name(value):
            # What stands there is not repeated: it may be the secret itself.
            raise UsageError(
                f"{where}: [from] `{key}` must be the name of a variable that the operator sets and that begins with "
                "ASSAY_SECRET_OF_, never the secret itself"
            )
    place = words.pop(kind)
    _CHECKS[kind](place, words, where)
    flags = {key: _flag(said, key, where) for key in ("strict", "withdraw_missing")}
    schedule = schedule_of(said.get("every"), said.get("at"), said.get("time_zone"), f"{where}: [from]")
    return Origin(kind, place, words, schedule, _seconds(said, where), **flags)


def _text(said: Mapping[str, Any], key: str, where: str) -> str:
    value = said[key]
    if not isinstance(value, str) or not value.strip() or not value.replace("\n", " ").isprintable():
        raise UsageError(f"{where}: [from] `{key}` must be a text in quotes")
    return value.strip()


def _flag(said: Mapping[str, Any], key: str, where: str) -> bool:
    value = said.get(key, False)
    if not isinstance(value, bool):
        raise UsageError(f"{where}: [from] `{key}` must be true or false, without quotes")
    return value


def _seconds(said: Mapping[str, Any], where: str) -> int:
    value = said.get("settle_seconds", 60)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 86_400:
        raise UsageError(f"{where}: [from] `settle_seconds` must be a whole number from 0 to 86400")
    return value


def _is_path(place: str, _: Mapping[str, str], where: str) -> None:
    if not place.startswith("/") or ".." in place.split("/"):
        raise UsageError(f"{where}: [from] must name a folder from the root on, as /srv/in/housing, and no `..`")


def _is_url(place: str, said: Mapping[str, str], where: str) -> None:
    try:
        parts = urlsplit(place)
        fit = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and place.isascii()
    except ValueError:
        fit = False
    if not fit or " " in place or "\\" in place:
        raise UsageError(f"{where}: [from] `url` must be such as https://files.example.org/results.csv")
    if "@" in parts.netloc:
        raise UsageError(f"{where}: [from] `url` must hold no name or password; use `token_env`")
    if not re.fullmatch(r"[\w.() -]{1,120}", said.get("file", "x")):
        raise UsageError(f"{where}: [from] `file` is what the file is called, such as results.csv")


def _is_store(place: str, said: Mapping[str, str], where: str) -> None:
    found = _STORE.fullmatch(place)
    if not found or ".." in place:
        raise UsageError(f"{where}: [from] `store` must be such as s3://bucket/folder, az://... or gs://...")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", said.get("region", "x")):
        raise UsageError(f"{where}: [from] `region` must be such as eu-west-2")
    wanted = {"s3": {"account_env", "key_env"}, "az": {"account_env", "key_env"}, "gs": {"key_env"}}[found[1]]
    if {"account_env", "key_env"} & said.keys() != wanted:
        raise UsageError(f"{where}: [from] with {found[1]}:// needs {' and '.join(sorted(wanted))}")


def _is_database(_: str, said: Mapping[str, str], where: str) -> None:
    if len({"table", "query"} & said.keys()) != 1:
        raise UsageError(f"{where}: [from] with database_env needs `table` or `query`, one of them")
    if not re.fullmatch(r"\w{1,63}(\.\w{1,63})?", said.get("table", "x")):
        raise UsageError(f"{where}: [from] `table` must be a table's name, perhaps with its schema: cse.results")


_CHECKS = {"folder": _is_path, "glob": _is_path, "url": _is_url, "store": _is_store, "database_env": _is_database}
