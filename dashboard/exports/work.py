"""Packs that people asked for, made one after another: by `assay work`, or by a thread of the server.

Each is made as its asker, with what they may see and take away at that moment; whoever lost their role gets nothing
(reliability.md T8). A worker that is stopped half way leaves its job to the next one (db.jobs).
"""

import logging
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from threading import Event, Thread

from dashboard.exports import pack
from db import jobs
from db.grants import scope_of_person
from db.jobs import Claimed
from db.roles import EXPORT
from db.session import Scope, open_session
from db.tenants import scope_of, tenants
from scheme.errors import AssayError, Forbidden, WarehouseError

log = logging.getLogger("assay")
EVERY = 5.0  # seconds between two looks where nothing waits
ASKED = Event()  # set by whoever asks for a pack in this process: it is looked for at once
ENDED = "Your role has ended, or lets you take nothing away any more, so nothing was made."


def work_once() -> int:
    """Make everything that waits now, one of each organisation in turn (T15); gives how many jobs it took."""
    made = 0
    while took := sum(map(_one_of, tenants()["code"])):
        made += took
    return made


def _one_of(code: str) -> bool:
    scope = replace(scope_of(code), actor="worker", origin="")
    held = _claimed(scope)
    if held is not None:
        _make(scope, held)
    return held is not None


def keep_working(stop: Event, every: float = EVERY) -> None:
    """Make what waits until `stop` is set; a warehouse that is out of reach is tried again later."""
    while not stop.is_set():
        ASKED.clear()
        try:
            work_once()
        except Exception:
            log.exception("the worker could not look for packs; it looks again")
        ASKED.wait(every)


def start() -> Thread:
    """A thread of this process that makes packs until the process ends."""
    thread = Thread(target=keep_working, args=(Event(),), name="packs", daemon=True)
    thread.start()
    return thread


def _claimed(scope: Scope) -> Claimed | None:
    with open_session(scope) as session:
        if not jobs.is_work(session):
            return None
    with open_session(scope, write=True) as session:
        return jobs.claim(session)


def _make(scope: Scope, held: Claimed) -> None:
    try:
        asker = _asker(scope, held)
        files = _files(asker, scope, held)
        if _asker(scope, held) != asker:  # what they may see changed while it was made
            raise Forbidden(ENDED)
    except _Gone:
        log.info("pack %s was removed while it was made", held.number)
    except Exception as error:
        if isinstance(error, WarehouseError):
            log.warning("pack %s: %s; it is tried again", held.number, error)
            return
        _failed(scope, held, error)
    else:
        with open_session(scope, write=True) as session:
            jobs.finish(session, held, files, jobs.sight(asker))


class _Gone(Exception):
    """The job was removed, or taken over."""


def _asker(scope: Scope, held: Claimed) -> Scope:
    kind, _, number = held.actor.partition(" ")
    found = scope_of_person(int(number), scope.tenant_id) if kind == "person" and number.isdecimal() else None
    if found is None or not found.may(EXPORT):
        raise Forbidden(ENDED)
    return found


def _files(asker: Scope, scope: Scope, held: Claimed) -> dict[str, bytes]:
    asked = held.body
    of = pack.Snapshot(date.fromisoformat(asked["as_of"]), datetime.fromisoformat(asked["known_at"]))

    def progress(done: int, steps: int, said: str) -> None:
        with open_session(scope, write=True) as session:
            if not jobs.going(session, held, done, steps, said):
                raise _Gone

    addresses = pack.addresses(asker, asked["departments"])
    return pack.files(asker, addresses, of, held.title, asked["formats"], progress)


def _failed(scope: Scope, held: Claimed, error: Exception) -> None:
    why = str(error)
    if not isinstance(error, AssayError):
        number = secrets.token_hex(4)
        log.error("error %s in pack %s", number, held.number, exc_info=error)
        why = f"Something went wrong here; report it with the number {number}."
    with suppress(WarehouseError), open_session(scope, write=True) as session:
        jobs.fail(session, held, f"{why[:1].upper()}{why[1:].rstrip('.')}.")
