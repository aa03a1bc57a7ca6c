"""The wall: the steps of a meeting in large type, on its snapshot."""

from collections.abc import Mapping
from typing import Any

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from dashboard import data, shell
from dashboard.administration.forms import Wrong
from dashboard.administration.frame import today
from dashboard.entering.choices import choices
from dashboard.filters import filters
from dashboard.gate import needs
from dashboard.identity import current_scope
from dashboard.meeting import START
from dashboard.meeting.facts import facts, quarter_before
from dashboard.meeting.kept import WRITTEN, Entry, Meeting, Snapshot, opened
from dashboard.words import STATUS, day, listing, moment, organisation
from db.roles import PLAN, RESULTS, SEND
from db.session import Scope
from scheme.agenda import Point, Step, agenda

_SEEN_ON = {
    "heatmap": "on the heatmap",
    "coverage": "under Coverage",
    "sites": "among the sites",
    "actions": "in Actions",
}


@needs(RESULTS)
def meeting_wall(number: int) -> Response:
    """The wall of a kept meeting."""
    told = {name: request.args.get(name, "") for name in ("department_code", "element", "step")}
    return shown_wall(opened(number), told | ({"written": "action"} if told["element"] else {}))


@needs(RESULTS)
def meeting_unkept() -> Response:
    """A wall that keeps nothing, on the snapshot that the address names."""
    names = ("as_of", "known_at", "compare", "department")
    given = {name: value for name in names if (value := request.args.get(name, ""))}
    asked = filters(filters(None, "meeting").href(**given), "meeting")
    known_at = asked.known_at
    if known_at is None:
        return make_response(("This address names no moment; open the wall from the page Meeting.\n", 400))
    since = min(asked.compare or quarter_before(asked.as_of), asked.as_of)
    return _wall(current_scope(), Snapshot(asked.as_of, known_at, since, None, asked.department), None)


def shown_wall(one: Meeting, told: Mapping[str, str], wrong: Wrong | None = None) -> Response:
    """The wall of a meeting, with what its form holds."""
    return _wall(current_scope(), one.snapshot, one, told, wrong)


def _wall(
    scope: Scope,
    snapshot: Snapshot,
    one: Meeting | None,
    told: Mapping[str, str] | None = None,
    wrong: Wrong | None = None,
) -> Response:
    steps = agenda(facts(scope, snapshot))
    may_write = one is not None and one.draft.is_mine and scope.may(PLAN)
    form = _form(scope, steps, told or {}) if may_write else {}
    page = render_template(
        "meeting/wall.html",
        title=one.draft.name if one else f"How we stand on {day(snapshot.as_of)}",
        one=one,
        path=one.path if one else "",
        steps=[
            (step, [_line(snapshot, point) for point in step.points], _all(snapshot, step), _written(one, step))
            for step in steps
        ],
        status_words=STATUS,
        is_fictional=shell.is_fictional(scope.tenant_name),
        snapshot=snapshot,
        of=_of(scope, snapshot),
        known=moment(snapshot.known_at),
        may_write=may_write,
        wrong=wrong or {},
        start=START,
        **form,
    )
    return make_response(page, 400 if wrong else 200)


def _form(scope: Scope, steps: tuple[Step, ...], told: Mapping[str, str]) -> dict[str, Any]:
    """What the form for writing down offers and holds; an action only to whoever may send one."""
    may = choices(scope)
    kinds = [(kind, words) for kind, words in WRITTEN.items() if kind != "action" or scope.may(SEND)]
    return {
        "told": told,
        "step_choices": [(step.key, f"{number}. {step.title}") for number, step in enumerate(steps, 1)],
        "kinds": kinds,
        "departments": may.of_departments(),
        "elements": [("", "None in particular"), *may.elements],
        "may_send": scope.may(SEND),
        "tomorrow": today().isoformat(),
    }


def _line(snapshot: Snapshot, point: Point) -> tuple[Point, str, str]:
    """A point, where its snapshot is seen, and that place in words."""
    if point.page == "heatmap":
        href = snapshot.href("heatmap", cell=f"{point.department or ''}~{point.key}")
    elif point.page == "actions":
        href = snapshot.href("actions", department=point.department, status="overdue")
    else:
        href = snapshot.href(point.page, certificate=point.certificate)
    return point, href, f"{point.key} {_SEEN_ON[point.page]}".strip()


def _all(snapshot: Snapshot, step: Step) -> str:
    """Where all that a step speaks of is seen."""
    there = snapshot.department
    match step.key:
        case "hottest" | "at_limit":
            status = {"hottest": "fails", "at_limit": "at_limit"}[step.key]
            return snapshot.href("overview", department=there, status=status)
        case "cycle":
            return snapshot.href("coverage", department=there)
        case "actions" | "decide":
            return snapshot.href("actions", department=there, status="overdue")
        case _:
            return snapshot.href("heatmap", department=there, compare=snapshot.since)


def _written(one: Meeting | None, step: Step) -> list[tuple[int, Entry]]:
    return [(place, entry) for place, entry in enumerate(one.entries if one else (), 1) if entry.step == step.key]


def _of(scope: Scope, snapshot: Snapshot) -> str:
    """What the wall is about: a department, those of the person, or the organisation."""
    names = data.names(snapshot.view(scope))
    if snapshot.department:
        return names.get(snapshot.department) or snapshot.department
    if scope.departments is not None:
        return listing([names.get(code) or code for code in scope.departments], 3)
    return organisation(scope.tenant_name)


ROUTES = (
    (f"{START}/look", meeting_unkept, "GET"),
    (f"{START}/<int:number>", meeting_wall, "GET"),
)
