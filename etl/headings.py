"""What people call our columns: how near a sender's heading is to one of ours, from 0 to 1, and in which way."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from etl.layouts.canonical import VALID_UNTIL
from etl.layouts.staged import squashed
from scheme.letters import clean, likeness

# As departments and assessors head such columns; what a heading is likely to mean is asked, never taken (etl.mapping).
_CALLED: Mapping[str, tuple[str, ...]] = {
    "department_code": ("department", "dept", "directorate", "division", "team", "service", "unit", "service area"),
    "department_name": ("name of department", "service name", "team name", "directorate name", "department title"),
    "parent_code": ("parent", "part of", "belongs to", "reports to", "parent department"),
    "active_from": ("opened", "from", "start date"),
    "active_to": ("closed", "to", "end date"),
    "contact": ("contact", "contact person", "lead officer", "email", "champion"),
    "site_code": ("site", "location", "site ref", "site id", "premises", "building", "branch", "office", "venue"),
    "site_name": (
        "name of site",
        "location name",
        "building name",
        "premises name",
        "library name",
        "branch name",
        "centre name",
    ),
    "must_visit": ("visit every cycle", "mandatory visit"),
    "address": ("postal address", "street", "postcode"),
    "latitude": ("lat",),
    "longitude": ("long", "lon", "lng"),
    "certificate_code": ("certificate", "certificate number", "certificate no", "cert no", "certificate ref"),
    "awarded_on": ("awarded", "date awarded", "award date", "date of award", "issued", "issue date"),
    "expires_on": ("expires", "expiry", "expiry date", "date of expiry"),
    VALID_UNTIL: ("valid to", "valid until", "last day"),
    "certification_body": ("certification body", "certified by", "awarding body"),
    "assessment_code": ("assessment ref", "assessment id", "assessment number", "review ref", "visit ref"),
    "assessment_type": ("type", "type of assessment", "kind of assessment", "review type", "visit type", "stage"),
    "started_on": ("start", "started", "first day", "start date", "from"),
    "ended_on": ("end", "ended", "finished", "end date", "to"),
    "assessed_on": (
        "date",
        "assessment date",
        "date of assessment",
        "assessed",
        "review date",
        "date of review",
        "when",
    ),
    "assessor": ("assessed by", "reviewer", "reviewed by", "auditor", "inspector", "assessor name"),
    "visited_on": ("visit date", "date of visit", "date visited", "visited", "date"),
    "mode": ("how visited", "visit mode", "way of visiting"),
    "element": ("element", "ref", "reference", "element ref", "std ref", "standard ref", "element number", "criterion"),
    "band": ("rating", "outcome", "score", "grade", "level", "judgement", "finding", "result", "compliance", "rag"),
    "restated": ("carried forward", "restated"),
    "reason": ("why", "why partial", "explanation"),
    "comment": ("comments", "notes", "note", "remarks", "observations", "assessor comments", "feedback", "commentary"),
    "action_code": ("action ref", "action number", "action no", "action id"),
    "action": ("actions", "action required", "what", "task", "improvement", "what will be done"),
    "owner": ("who", "responsible", "lead", "action owner", "owned by", "officer"),
    "due_on": ("due", "due date", "by when", "deadline", "target date", "complete by"),
    "status": ("progress", "state"),
    "origin": ("source of action", "arising from"),
    "closed_on": ("closed", "completed", "date completed", "completed on", "done on"),
    "recheck_on": ("recheck", "follow up", "follow up date"),
    "evidence_code": ("evidence ref", "evidence number", "evidence no", "es", "evidence id"),
    "evidence": ("evidence", "hard evidence", "document", "description of evidence", "evidence title"),
    "link": ("url", "hyperlink", "web address", "location of evidence"),
    "shown_by": ("shown by", "who shows it"),
    "group": ("customer group", "segment", "customer segment", "customers"),
    "basis": ("basis of group", "grouped by"),
    "promise": ("standard", "service standard", "commitment", "measure", "indicator"),
    "channel": ("contact channel", "by"),
    "target": ("goal", "target value"),
    "period": ("quarter", "year", "reporting period", "month"),
    "achieved": ("actual", "performance", "achievement", "value"),
    "published_link": ("published at", "where published"),
}


@lru_cache(4096)
def nearness(ours: str, heading: str) -> tuple[float, str]:
    """How near a sender's heading is to our column, 1 being the same, and in which way; (0, "") where it is not."""
    bare = squashed(heading)
    if not bare:
        return 0, ""
    if bare == squashed(ours):
        return 1, "the heading is ours"
    called = [squashed(name) for name in (ours, *_CALLED.get(ours, ()))]
    if bare in called:
        return 0.9, f"“{heading}” is often said for it"
    if _alike(ours)(bare):
        return 0.75, f"“{heading}” is spelt nearly like a name for it"
    held = _tokens(heading)
    near = max((len(part) for part in _token_sets(ours) if part <= held), default=0)
    return (0.45 + 0.1 * min(near, 3), f"a name for it stands in “{heading}”") if near else (0, "")


@cache
def _alike(ours: str) -> Callable[[str], str | None]:
    return likeness(name for name in map(squashed, (ours, *_CALLED.get(ours, ()))) if len(name) > 3)


@cache
def _token_sets(ours: str) -> tuple[frozenset[str], ...]:
    return tuple(_tokens(name.replace("_", " ")) for name in (ours, *_CALLED.get(ours, ())))


def _tokens(heading: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", clean(heading).casefold()))
