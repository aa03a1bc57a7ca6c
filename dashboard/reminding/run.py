"""`assay remind`: everybody is told what is new for them, in the app and by e-mail (reliability.md T8).

What somebody is told is worked out from what they may see at that moment, as if they had opened a page; and who they
are is asked once more right before a letter goes out. Each letter is marked as sent before it is: where two runs meet,
or one is stopped, it is sent once or not at all, and what it told stands in the app in any case.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from dashboard import data
from dashboard.reminding import holds, letters
from dashboard.reminding.letters import Letter
from dashboard.reminding.post import Post, Undelivered, send
from dashboard.view import View
from db import audit, reminders
from db.grants import scope_of_person
from db.reminders import Choices, Person, Told
from db.session import Scope, open_session
from scheme.digest import Digest, digest
from scheme.movement import moves

NONE, SENT, UNWANTED = "nothing to tell", "sent", "not wanted"
NO_POST, NOT_READY = "no mail server", "no password chosen yet"
FAILED = "failed, goes out with the next run"
LOST = "not sent: may see something else by now"
WOULD = "would be sent"


@dataclass(frozen=True)
class Reminded:
    """What became of one person: how many alerts hold, how many were new, and of the two letters; why one failed."""

    tenant: str
    person: str
    holds: int
    new: int
    letter: str
    weekly: str
    why: str


@dataclass
class _Run:
    """One run: its moment, where letters go (None: nowhere, or no more), whether it only says what it would do."""

    now: datetime
    post: Post | None
    is_dry: bool
    why: list[str] = field(default_factory=list)

    def deliver(self, letter: Letter, scope: Scope, user_id: int) -> str:
        """Send a letter that was marked as sent, if its person is still who they were; what became of it."""
        if self.post is None:
            return NO_POST
        present = scope_of_person(user_id, scope.tenant_id)
        if present is None or reminders.sight_of(present) != reminders.sight_of(scope):
            return LOST
        try:
            send(self.post, letters.written(letter, present, self.post, self.now))
        except Undelivered as error:
            self.why.append(str(error))
            if error.is_for_all:
                self.post = None
            return FAILED
        return SENT


def remind(
    scopes: Iterable[Scope],
    now: datetime,
    post: Post | None = None,
    is_dry: bool = False,
    tell: Callable[[Reminded], None] = lambda _: None,
) -> list[Reminded]:
    """Remind everybody of these tenants (the command line's scopes); `tell` hears of each person as they are done.

    Without a post nothing is sent, and the app alone tells. A dry run changes and sends nothing. Where the post fails
    as a whole no other letter is tried in this run.
    """
    run, told = _Run(now, post, is_dry), []
    for tenant in scopes:
        with open_session(tenant) as session:
            people = reminders.people(session)
        for person in people:
            scope = scope_of_person(person.user_id, tenant.tenant_id)
            if scope is not None:
                one = _reminded(run, tenant, person, scope)
                tell(one)
                told.append(one)
    return told


def _reminded(run: _Run, tenant: Scope, person: Person, scope: Scope) -> Reminded:
    """Tell one person, as they are now (`scope`); what is kept of it is written as the command line (`tenant`)."""
    view, day, before = data.view(scope), run.now.date(), len(run.why)
    with open_session(tenant) as session:
        wanted = reminders.choices(session, person.user_id)
        known = reminders.open_keys(session, person.user_id, reminders.sight_of(scope))
    found = holds.told(holds.alerts(view, day), wanted.kinds)
    new = len([each for each in found if each.key not in known])
    if not run.is_dry:
        with open_session(tenant, write=True) as session:
            reminders.tell(session, person.user_id, reminders.sight_of(scope), found, run.now)
    letter = _of_alerts(run, tenant, person, scope, wanted, new)
    weekly = _of_week(run, tenant, person, view, wanted)
    return Reminded(tenant.tenant_code, person.email, len(found), new, letter, weekly, "; ".join(run.why[before:]))


def _of_alerts(run: _Run, tenant: Scope, person: Person, scope: Scope, wanted: Choices, new: int) -> str:
    why_not = _why_not(run, person, wanted.by_mail)
    if why_not or run.is_dry or run.post is None:
        return why_not or (WOULD if new else NONE)
    sight, user_id = reminders.sight_of(scope), person.user_id
    with open_session(tenant, write=True) as session:
        claimed = reminders.claim(session, user_id, sight, run.now)
        if claimed:
            audit.record(session, "sent a letter", f"person {user_id}", reminders=len(claimed))
    if not claimed:
        return NONE
    told = [Told(each.key, each.kind, each.sentence, each.address) for each in claimed]
    became = run.deliver(letters.of_alerts(scope, told, run.post), scope, user_id)
    if became != SENT:
        with open_session(tenant, write=True) as session:
            reminders.release(session, user_id, [each.number for each in claimed])
            audit.record(session, "did not send a letter", f"person {user_id}")
    return became


def _of_week(run: _Run, tenant: Scope, person: Person, view: View, wanted: Choices) -> str:
    why_not = _why_not(run, person, wanted.weekly)
    if why_not:
        return why_not
    with open_session(tenant) as session:
        before = reminders.told_up_to(session, person.user_id)
    if before is not None and before.isocalendar()[:2] == run.now.isocalendar()[:2]:
        return NONE
    if before is None:  # the first run tells what holds; from now on there are weeks to tell of
        if not run.is_dry:
            with open_session(tenant, write=True) as session:
                reminders.turn_week(session, person.user_id, before, run.now)
        return NONE
    week = changed(view, before, run.now)
    if run.is_dry:
        return NONE if week.is_empty else WOULD
    with open_session(tenant, write=True) as session:
        is_ours = reminders.turn_week(session, person.user_id, before, run.now)
        if is_ours and not week.is_empty:
            audit.record(session, "sent a letter", f"person {person.user_id}", weekly=True)
    if not is_ours or week.is_empty or run.post is None:
        return NONE
    parts = tuple(holds.told(frame, wanted.kinds) for frame in (week.began, week.ceased))
    letter = letters.of_week(view, week, holds.names(view), (parts[0], parts[1]), run.post)
    became = run.deliver(letter, view.scope, person.user_id)
    if became != SENT:
        with open_session(tenant, write=True) as session:
            reminders.turn_week(session, person.user_id, run.now, before)
            audit.record(session, "did not send a letter", f"person {person.user_id}")
    return became


def _why_not(run: _Run, person: Person, is_wanted: bool) -> str:
    """Why somebody is sent no letter, whatever there is to tell; "" where they are."""
    if not is_wanted:
        return UNWANTED
    if run.post is None and not run.is_dry:
        return NO_POST
    return "" if person.is_ready else NOT_READY


def changed(view: View, before: datetime, now: datetime) -> Digest:
    """What changed for somebody between two moments: of each, its day and what was known at it."""
    then = data.view(view.scope, before)
    first, second = before.date(), now.date()
    bands = data.standings(then, first), data.standings(view, second)
    moved = moves(data.programme(view), first, second, standings=bands)
    return digest(first, second, moved, holds.alerts(then, first), holds.alerts(view, second))
