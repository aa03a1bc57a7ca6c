"""A source's origin -> the files that are new there, in a temporary folder under names of our own (inputs.md, F5, F11).

What is there and was taken already is known by a mark (size and time, ETag, SHA-256), and is not read again. A file
that was refused is tried TRIES times as it is, and then waits until it changes (F18).
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from db import foreign
from etl import stores, watched, web
from etl.allowed import folders, may_be_inside, secret, token_for
from etl.origin import Origin
from etl.sources import Found
from etl.watched import Looked
from scheme.errors import AssayError

TRIES = 3


@dataclass(frozen=True)
class Seen:
    """What runs before found: the mark of each file and how often it was refused; what a server said of its file."""

    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    remembered: dict[str, str] = field(default_factory=dict)

    def is_known(self, name: str, mark: str) -> bool:
        """Whether a file was taken as it is, or given up."""
        before, tries = self.files.get(name, ("", 0))
        return before == mark and tries in (0, TRIES)

    def tries(self, name: str, mark: str) -> int:
        """How often a file was refused as it is."""
        before, tries = self.files.get(name, ("", 0))
        return tries if before == mark else 0

    def text(self) -> str:
        """As the warehouse keeps it."""
        return json.dumps({"files": self.files, "remembered": self.remembered})


def seen_of(text: str) -> Seen:
    """What the warehouse kept; nothing where that is none of it."""
    try:
        kept = json.loads(text)
        files = {str(name): (str(mark), int(tries)) for name, (mark, tries) in kept["files"].items()}
        return Seen(files, {str(key): str(value) for key, value in kept["remembered"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return Seen()


def fetch(
    tenant: str,
    code: str,
    origin: Origin,
    seen: Seen,
    to: Path,
    now: datetime,
    between: Callable[[], None] = lambda: None,
) -> tuple[Looked, dict[str, str]]:
    """The files of an origin that are new, copied into `to`; and what its server said of its file.

    `between` is called before each of many files.
    UsageError where the source asks for what the operator does not let this tenant have; NotFetched where it is not
    there or does not answer.
    """

    def is_known(name: str, mark: str) -> bool:
        between()
        return seen.is_known(name, mark)

    match origin.kind:
        case "folder" | "glob":
            return watched.looked(tenant, origin, is_known, to, now), {}
        case "store":
            return stores.looked(tenant, origin, is_known, to), {}
        case "url":
            return _from_web(tenant, code, origin, seen, to)
        case _:
            copy, name = to / "0", origin.said.get("table", code)
            address = secret(tenant, origin.place, "DATABASE")
            foreign.fetch(address, copy, table=origin.said.get("table", ""), query=origin.said.get("query", ""))
            return _one(name, copy, seen), {}


def objection(tenant: str, origin: Origin) -> str:
    """Why an origin cannot be asked as things are, found out without asking it; "" where nothing speaks against it."""
    try:
        match origin.kind:
            case "folder" | "glob":
                top = Path(re.split(r"[*?\[]", origin.place)[0])
                if not any(top.is_relative_to(root) or top.resolve().is_relative_to(root) for root in folders(tenant)):
                    return "the operator does not let sources read in this folder (ASSAY_FOLDERS)"
            case "url" if "token_env" in origin.said:
                token_for(tenant, origin.said["token_env"], urlsplit(origin.place).hostname or "")
            case "database_env":
                secret(tenant, origin.place, "DATABASE")
            case _:
                for key in (key for key in origin.said if key.endswith("_env")):
                    secret(tenant, origin.said[key], "STORE")
    except AssayError as error:
        return str(error)
    return ""


def _from_web(tenant: str, code: str, origin: Origin, seen: Seen, to: Path) -> tuple[Looked, dict[str, str]]:
    name, token = origin.said.get("file") or named(origin.place) or code, origin.said.get("token_env")
    shown: Callable[[str], str] | None = (lambda host: token_for(tenant, token, host)) if token else None
    mark, tries = seen.files.get(name, ("", 0))
    # What was refused is fetched again, as long as it is tried again.
    before = seen.remembered if mark and tries in (0, TRIES) else {}
    answer = web.fetch(
        origin.place,
        to / "0",
        inside=lambda host, port: may_be_inside(tenant, host, port),
        token_for=shown,
        remembered=before,
    )
    if answer.body is None:
        return Looked(marks={name: mark}), dict(before)
    return _one(name, answer.body, seen), answer.remembered


def _one(name: str, copy: Path, seen: Seen) -> Looked:
    with copy.open("rb") as file:
        mark = hashlib.file_digest(file, "sha256").hexdigest()
    return Looked([] if seen.is_known(name, mark) else [Found(copy, name)], {name: mark})


def named(url: str) -> str:
    """What a file is called whose address ends so; never a path, for it names nothing on this machine."""
    last = PurePosixPath(unquote(urlsplit(url).path)).name
    return re.sub(r"[^\w.() -]", "_", last)[:120]
