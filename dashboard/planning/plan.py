"""A kept scope with its itinerary: read from a draft, held against what is known today."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from flask import abort

from dashboard import data, scopes
from dashboard.administration.frame import today
from dashboard.data import View
from dashboard.identity import current_scope
from dashboard.planning import START
from db import drafts
from db.drafts import Draft
from db.session import open_session
from scheme.errors import UsageError
from scheme.itinerary import Meeting, checks, in_time
from scheme.review_scope import ReviewScope


@dataclass(frozen=True)
class Plan:
    """What a draft says: a review of a certificate (booked, or a day), the elements, notes, and the itinerary.

    `review` is "" and `on` a day where the review is not booked yet; `started_on` is then its first day.
    """

    certificate: str
    review: str
    on: date | None
    started_on: date | None
    capacity: int | None
    elements: tuple[str, ...]
    notes: str
    meetings: tuple[Meeting, ...]

    @property
    def body(self) -> dict[str, Any]:
        """As a draft keeps it."""
        return {
            "review": self.review,
            "on": self.on.isoformat() if self.on else "",
            "started_on": self.started_on.isoformat() if self.started_on else "",
            "capacity": self.capacity,
            "elements": list(self.elements),
            "notes": self.notes,
            "meetings": [_kept(meeting) for meeting in in_time(self.meetings)],
        }


@dataclass(frozen=True)
class Opened:
    """A draft with its plan, and the proposal that its review has today; `fault` says why there is none.

    `chosen` is the same with what the plan chose instead of what is proposed.
    """

    draft: Draft
    plan: Plan
    proposal: ReviewScope | None
    chosen: ReviewScope | None
    fault: str
    view: View

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{START}/{self.draft.number}"

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day of the review; None where it cannot be held any more."""
        if self.proposal is None:
            return None
        return self.plan.started_on or self.proposal.started_on, self.proposal.ended_on

    @property
    def sites(self) -> dict[str, dict[str, Any]]:
        """The sites of its certificate by code (scheme.visits.SITES_TO_VISIT)."""
        rows = data.sites_of(self.view, today()).filter(certificate_code=self.plan.certificate)
        return {row["site_code"]: row for row in rows.iter_rows(named=True)}

    @property
    def checks(self) -> list[str]:
        """What is wrong with the itinerary, in plain words."""
        if self.days is None:
            return []
        spans = {code: (row["in_scope_from"], row["in_scope_to"]) for code, row in self.sites.items()}
        return checks(self.plan.meetings, self.plan.elements, self.days, spans)

    @property
    def names(self) -> dict[str | None, str]:
        """What departments are called, the organisation among them."""
        return data.names_with_organisation(self.view)


def opened(number: int) -> Opened:
    """The draft of that number; 404 where there is none that this person may open."""
    view = data.view(current_scope())
    draft = scopes.draft(view, number)
    if draft is None:
        abort(404)
    plan = plan_of(draft.certificate, draft.body)
    try:
        chosen = proposal(view, plan, plan.elements)
        return Opened(draft, plan, proposal(view, plan), chosen, "", view)
    except UsageError as error:
        return Opened(draft, plan, None, None, str(error), view)


def proposal(view: View, plan: Plan, chosen: tuple[str, ...] | None = None) -> ReviewScope:
    """What the review of a plan should look at today; UsageError where it was held, or cannot be."""
    return scopes.proposal(view, today(), plan.certificate, plan.review or None, plan.on, plan.capacity, chosen)


def plan_of(certificate: str, body: Mapping[str, Any]) -> Plan:
    """The plan that a draft keeps."""
    return Plan(
        certificate,
        body["review"],
        date.fromisoformat(body["on"]) if body["on"] else None,
        date.fromisoformat(body["started_on"]) if body["started_on"] else None,
        body["capacity"],
        tuple(body["elements"]),
        body["notes"],
        tuple(_meeting(row) for row in body["meetings"]),
    )


def keep(one: Opened, edition: int, **changes: Any) -> None:
    """Keep the next edition of an own draft; UsageError where it is not one's own or was changed since `edition`."""
    name = changes.pop("name", one.draft.name)
    plan = replace(one.plan, **changes)
    with open_session(one.view.scope, write=True) as session:
        drafts.keep(
            session,
            scopes.KIND,
            name,
            plan.body,
            departments=one.draft.departments,
            certificate=one.draft.certificate,
            number=one.draft.number,
            edition=edition,
        )


def _kept(meeting: Meeting) -> dict[str, Any]:
    times = {"day": meeting.day.isoformat(), "begins": f"{meeting.begins:%H:%M}", "ends": f"{meeting.ends:%H:%M}"}
    lists = {"met": list(meeting.met), "elements": list(meeting.elements)}
    return times | lists | {"site": meeting.site, "who": meeting.who, "note": meeting.note}


def _meeting(row: Mapping[str, Any]) -> Meeting:
    return Meeting(
        date.fromisoformat(row["day"]),
        time.fromisoformat(row["begins"]),
        time.fromisoformat(row["ends"]),
        row["site"],
        tuple(row["met"]),
        row["who"],
        tuple(row["elements"]),
        row["note"],
    )
