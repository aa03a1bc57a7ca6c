"""The story of a tenant, and its registers as they were kept on any day of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from etl.demo import proof
from etl.demo.bands import Looks, Result, results
from etl.demo.cast import Cast, cast, chance
from etl.demo.reviews import Certificate, Review, certificates, reviews
from etl.demo.visits import Visit, visits
from scheme.standard import shipped

Row = dict[str, Any]
ONE_DAY = timedelta(1)
CONTACTS = ("customer", "quality", "service")


@dataclass(frozen=True)
class Story:
    """All that ever happened at a tenant, as it will have been told in the end."""

    cast: Cast
    seed: int
    today: date
    certificates: Sequence[Certificate]
    reviews: Sequence[Review]
    visits: Sequence[Visit]
    results: Sequence[Result]
    actions: Sequence[proof.Action]
    looks: Mapping[str, Looks]


def story(tenant: str, seed: int, today: date) -> Story:
    """The story of a tenant; the same tenant, seed and day give the same one."""
    standard, who = shipped("cse"), cast(tenant)
    seen = reviews(who, seed, today, standard)
    sites = visits(who, seen, seed, today)
    bands, looks = results(who, seen, sites, seed, standard)
    return Story(
        who,
        seed,
        today,
        certificates(who, today),
        seen,
        sites,
        bands,
        proof.actions(who, looks, seen, seed, today),
        looks,
    )


def corrected(story: Story, department: str) -> Result | None:
    """The result that was first mistyped: the department's latest formal one of that element."""
    element = story.cast.everyone[department].mistyped
    own = [r for r in story.results if r.department == department and r.element == element and not r.site]
    return next((r for r in reversed(own) if not r.restated and r.kind in ("annual_review", "renewal")), None)


def _ago(story: Story, days: int | None) -> date | None:
    return None if days is None else story.today - timedelta(days)


def _known(day: date | None, at: date) -> bool:
    return day is None or day <= at


def departments(story: Story, at: date) -> Iterator[Row]:
    """The register of departments as it was kept on a day."""
    for department in story.cast.departments:
        opened, closed = _ago(story, department.opened_days), _ago(story, department.closed_days)
        if _known(opened, at):
            moved = _known(_ago(story, department.moved_days), at)
            by = chance(story.cast.code, department.code)
            yield {
                "department_code": department.code,
                "department_name": department.name,
                "parent_code": department.parent if moved or not department.moved_from else department.moved_from,
                "active_from": opened,
                "active_to": closed if closed and closed <= at else None,
                "contact": f"{by.choice(CONTACTS)}.{department.code.lower()}@{story.cast.mail}",
            }


def sites(story: Story, at: date) -> Iterator[Row]:
    """The register of sites as it was kept on a day."""
    open_then = {row["department_code"] for row in departments(story, at) if row["active_to"] is None}
    for site in story.cast.sites:
        opened, closed = _ago(story, site.opened_days), _ago(story, site.closed_days)
        if _known(opened, at):
            yield {
                "site_code": site.code,
                "site_name": site.name,
                "department_code": tuple(code for code in site.departments if code in open_then),
                "in_scope_from": opened,
                "in_scope_to": closed if closed and closed <= at else None,
                "must_visit": site.must_visit,
                "central_function": site.central,
                "address": site.address,
                "latitude": site.latitude,
                "longitude": site.longitude,
            }


def awards(story: Story, at: date, last_day: bool) -> Iterator[Row]:
    """Every certificate awarded up to a day; `last_day` states the last day of validity, not the first without."""
    for award in story.certificates:
        if award.awarded_on <= at:
            ended = award.ended_on if award.ended_on and award.ended_on <= at else None
            valid = {"valid_until": award.expires_on - ONE_DAY} if last_day else {"expires_on": award.expires_on}
            yield {
                "certificate_code": award.code,
                "department_code": award.department,
                "awarded_on": award.awarded_on,
                **valid,
                "ended_on": ended,
                "sites_required": award.sites_required,
                "certification_body": story.cast.body,
            }


def assessments(story: Story, since: date, at: date) -> Iterator[Row]:
    """The assessments held in a time, and those booked for the year after it."""
    booked = timedelta(500 if at == story.today else 330)
    there = {"", *(row["department_code"] for row in departments(story, at))}
    for review in story.reviews:
        planned = review.day > at
        if review.department not in there:
            continue
        if not since < review.day <= at + (booked if review.formal else timedelta(0)):
            continue
        by = chance(review.code, "papers")
        told, late = review.formal and not planned, timedelta(by.randint(9, 20))
        sent = review.day - timedelta(by.randint(24, 38))
        feedback = review.day + late if told and review.day + late <= at else None
        decided = feedback + late if feedback and feedback + late <= at else None
        verdict = f"Reassess {', '.join(review.failing)}" if review.failing else "Award or keep the certificate"
        yield {
            "assessment_code": review.code,
            "department_code": review.department,
            "assessment_type": review.kind,
            "started_on": review.day - ONE_DAY * (review.day.weekday() > 0 and review.formal),
            "ended_on": review.day,
            "assessor": review.assessor,
            "planned": planned,
            "scope": review.scope,
            "submitted_on": sent if told or (review.submitted and planned and sent <= at) else None,
            "feedback_on": feedback,
            "recommendation": verdict if feedback else None,
            "verified_on": decided,
            "decision": "Confirmed" if decided else None,
        }


def site_visits(story: Story, since: date, at: date) -> Iterator[Row]:
    """The visits made in a time, and those planned for the half year after it."""
    for visit in story.visits:
        if since < visit.day <= at + timedelta(180):
            yield {
                "site_code": visit.site,
                "visited_on": visit.day,
                "mode": visit.mode,
                "assessment_code": visit.review,
                "planned": visit.day > at,
            }
