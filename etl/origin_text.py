"""The table [from] of a source, put into its text by a form: everything else in the text stays as it was."""

import json
import re
import tomllib
from collections.abc import Mapping

from etl.origin import origin_of
from scheme.errors import UsageError

_HEADING = re.compile(r"\s*\[")


def said_from(body: str) -> dict[str, object]:
    """What a source's text says of where its files come from; nothing where it says nothing."""
    said = tomllib.loads(body).get("from", {})
    return dict(said) if isinstance(said, dict) else {}


def with_origin(body: str, said: Mapping[str, object], where: str) -> str:
    """A source's text with this as its [from], without one where nothing is said.

    UsageError where it makes no sense, or where the text has it written in a way that only a person can change.
    """
    origin_of(dict(said) or None, where)
    kept: list[str] = []
    inside = False
    for line in body.splitlines():
        if _HEADING.match(line):
            inside = bool(re.fullmatch(r"\s*\[\s*from\s*\]\s*(#.*)?", line))
        if not inside:
            kept.append(line)
    text = "\n".join(kept).rstrip() + "\n" if "".join(kept).strip() else ""
    if said:
        lines = [f"{key} = {_value(value)}" for key, value in said.items()]
        text = f"{text}\n[from]\n" + "\n".join(lines) + "\n" if text else "[from]\n" + "\n".join(lines) + "\n"
    before = tomllib.loads(body)
    before.pop("from", None)
    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        after = {}
    if after.pop("from", {}) != dict(said) or after != before:
        raise UsageError(f"{where}: [from] is written there in a way that this form cannot change; change the text")
    return text


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
