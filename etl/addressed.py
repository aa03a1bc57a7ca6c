"""Addresses given in place of a path at the command line: files of the web and of object stores (commands.md, PATH)."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from etl import stores, web
from etl.fetch import named
from etl.sources import Found
from etl.watched import Looked
from scheme.errors import NotFetched, UsageError

_STORES = ("s3://", "az://", "gs://")


def fetched(paths: Sequence[str], to: Path) -> list[str | Path | Found]:
    """The paths as they are, and in place of each address the files behind it, copied below `to`.

    An address is asked as whoever runs this may: the host that was typed wherever it lies, those it sends on to only
    where they are public; stores by the usual variables of their provider. NotFetched where there is nothing.
    """
    found: list[str | Path | Found] = []
    for path in paths:
        if path.startswith(_STORES):
            folder = to / str(len(found))
            folder.mkdir()
            looked = _from_store(path, folder)
            if rest := [*looked.faults, *looked.waiting]:
                raise NotFetched(f"{path}: {rest[0]}")
            if not looked.files:
                raise UsageError(f"{path}: there are no files to read")
            found += looked.files
        elif path.startswith(("http://", "https://")):
            found.append(_from_web(path, to / str(len(found))))
        else:
            found.append(path)
    return found


def _from_store(address: str, to: Path) -> Looked:
    """All objects below an address, or the one that it names."""
    looked = stores.taken(stores.own(address), lambda *_: False, to)
    above, _, last = address.rpartition("/")
    if looked.files or above.endswith("/") or not last:
        return looked
    return stores.taken(stores.own(above), lambda name, _: name != last, to)


def _from_web(url: str, to: Path) -> Found:
    try:
        place = urlsplit(url)
        host, fit = place.hostname or "", "@" not in place.netloc and place.port != 0
    except ValueError:
        host, fit = "", False
    if not host or not fit:
        raise UsageError("an address must be such as https://files.example.org/results.csv, without name or password")
    web.fetch(url, to, inside=lambda asked, _: asked == host)
    return Found(to, named(url) or host)
