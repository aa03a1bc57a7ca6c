"""What a meeting's agenda is made from: the measures of its snapshot, and of the one before it."""

from datetime import date

from dashboard import data, doing
from dashboard.language import speaking
from dashboard.meeting.kept import Snapshot
from dashboard.pages.verdicts import stand, verdicts
from db.roles import CYCLE
from db.session import Scope
from scheme.agenda_facts import Facts
from scheme.movement import moves


def facts(scope: Scope, snapshot: Snapshot) -> Facts:
    """The facts of a snapshot as this person sees them; UsageError for a department that they may not see."""
    day, there = snapshot.as_of, snapshot.department
    view = snapshot.view(scope)
    then = data.view(scope, snapshot.since_known_at or snapshot.known_at)
    now, before = data.standings(view, day), data.standings(then, snapshot.since)
    headroom = data.cut(view, data.headrooms(view, day), there)
    may_see_cycle = scope.may(CYCLE)
    with speaking("en"):  # the wall is English as a whole
        stands = stand(verdicts(data.branch(view, day, there), headroom))
    return Facts(
        day,
        snapshot.since,
        data.programme(view).standard,
        data.names_with_organisation(view),
        stands,
        headroom,
        data.cut(view, data.headrooms(then, snapshot.since), there),
        data.cut(view, moves(data.programme(view), snapshot.since, day, standings=(before, now)), there),
        data.cut(view, data.completions(view, day), there) if may_see_cycle else None,
        data.cut(view, data.visited(view, day), there) if may_see_cycle else None,
        data.cut(view, doing.actions(view, day), there),
        data.cut(view, doing.findings_without(view, day), there),
    )


def quarter_before(day: date) -> date:
    """The day that a first meeting is compared with: three months before (**ours**)."""
    month = day.month - 3
    year, month = (day.year, month) if month > 0 else (day.year - 1, month + 12)
    return date(year, month, min(day.day, 28))
