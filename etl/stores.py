"""Files of an object store: s3://, az:// and gs:// through obstore, with credentials that the source names.

The library would help itself to the program's own credentials where none are given, in variables and from the machine
it runs on: so each is given, and the variables are out of its sight while a store is opened (reliability.md F11).
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from etl.allowed import secret
from etl.origin import Origin
from etl.read import LARGEST_FILE, too_large
from etl.sources import Found, is_passing, spelt
from etl.watched import MOST_BYTES, MOST_FILES, Looked
from scheme.errors import NotFetched, UsageError

_OPENING = threading.Lock()


def looked(tenant: str, origin: Origin, is_known: Callable[[str, str], bool], to: Path) -> Looked:
    """Fetch into `to` the objects below a store's address that are not known (`is_known`: by name and mark).

    UsageError where a credential is not this tenant's or not set; NotFetched where the store does not give them.
    """
    return taken(_opened(tenant, origin), is_known, to)


def own(address: str) -> Any:
    """The store behind an address, opened as whoever runs this program may, by the usual variables of the provider.

    UsageError where there is none; for somebody at the command line, never for a source that is kept.
    """
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    kind, _, rest = address.partition("://")
    try:
        return from_url(f"{kind}://{rest.rstrip('/')}")
    except (BaseError, ValueError, TypeError) as error:
        raise UsageError(f"{address} cannot be opened ({type(error).__name__}); check the address") from None


def taken(store: Any, is_known: Callable[[str, str], bool], to: Path) -> Looked:
    """Fetch into `to` the objects of a store that are not known; NotFetched where it does not give them."""
    import obstore
    from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError

    found, size = Looked(), 0
    try:
        for one in (one for batch in obstore.list(store) for one in batch):
            name, mark = spelt(Path(one["path"])), one["e_tag"] or f"{one['size']}:{one['last_modified']}"
            if name.endswith("/") or is_passing(name):
                continue
            if len(found.marks) >= MOST_FILES:
                raise NotFetched(f"there are more than {MOST_FILES:,} files; take away those that were loaded")
            if is_known(name, mark):
                found.marks[name] = mark
            elif one["size"] > LARGEST_FILE:
                found.faults.append(f"{name}: {too_large(one['size'])}")
            elif size + one["size"] > MOST_BYTES:
                found.waiting.append(f"{name} comes with the next run")
            else:
                copy = to / str(len(found.files))
                got = obstore.get(store, one["path"], options={"if_match": one["e_tag"]} if one["e_tag"] else None)
                with copy.open("wb") as file:
                    for part in got.stream():
                        file.write(part)
                if copy.stat().st_size != one["size"]:
                    raise NotFetched(f"{name} broke off", again=True)
                size += one["size"]
                found.files.append(Found(copy, name))
                found.marks[name] = mark
    # What the library says of a fault may hold the request with its signature: none of it is repeated.
    except (PermissionDeniedError, UnauthenticatedError):
        raise NotFetched("the object store refuses us; check the credentials that the source names") from None
    except (NotFoundError, FileNotFoundError):
        raise NotFetched("the object store knows no such bucket, or an object went while it was fetched") from None
    except BaseError as error:
        raise NotFetched(f"the object store cannot be reached ({type(error).__name__})", again=True) from None
    return found


def _opened(tenant: str, origin: Origin) -> Any:
    from obstore.exceptions import BaseError
    from obstore.store import AzureStore, GCSStore, S3Store

    kind, _, rest = origin.place.partition("://")
    bucket, _, below = rest.partition("/")

    def named(key: str) -> str:
        return secret(tenant, origin.said[key], "STORE")

    endpoint = named("endpoint_env") if "endpoint_env" in origin.said else ""
    plain = endpoint.startswith("http://")
    how: dict[str, Any] = {
        "prefix": below.strip("/") or None,
        "client_options": {"timeout": "120s", "connect_timeout": "10s", "allow_http": plain},
        "retry_config": {"max_retries": 1},
    }
    own: dict[str, str] = {}
    match kind:
        case "s3":
            own = {"access_key_id": named("account_env"), "secret_access_key": named("key_env")}
            own |= {"region": origin.said.get("region", "us-east-1")} | ({"endpoint": endpoint} if endpoint else {})
        case "az":
            own = {"account_name": named("account_env"), "account_key": named("key_env")}
            own |= {"endpoint": endpoint} if endpoint else {}
        case _:
            own = {"service_account_key": named("key_env")}
    opener: Any = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}[kind]
    try:
        with _unseen():
            return opener(bucket, **how, **own)
    except (BaseError, ValueError, TypeError):
        raise NotFetched("the object store cannot be opened; check the credentials that the source names") from None


@contextmanager
def _unseen() -> Iterator[None]:
    """Keep the program's own credentials out of sight."""
    with _OPENING:
        own = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))}
        for name in own:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(own)
