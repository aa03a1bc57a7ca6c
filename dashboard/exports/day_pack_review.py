"""The first page of a day pack: which review it is, when and where whom the assessor meets, what it looks at."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from dashboard import data
from dashboard.exports.day_pack_known import BASES, Known, as_grid, grid
from dashboard.exports.document import Block, Facts, Grid, Heading, Page, Paragraph, Points
from dashboard.pages import scope as scope_page
from dashboard.table import Column, Row, text
from dashboard.visit_shown import days
from dashboard.words import count, day, listing, moment, sentence
from scheme.itinerary import MET, Meeting, checks

KINDS = scope_page.TYPES


def called(known: Known) -> str:
    """Who is reviewed and when: Museums, annual review on 3 to 4 December 2026."""
    name = known.names.get(known.department) or str(known.department)
    if known.days is None:
        return f"{name}, certificate {known.code}"
    return f"{name}, {_kind(known)} of {days(*known.days)}"


def the_review(known: Known) -> Page:
    """What the review is, its itinerary, what is worth a look there, and its elements with why."""
    blocks: list[Block] = [Paragraph(_lead(known), "lead"), Facts(tuple(_facts(known)))]
    blocks += _itinerary(known) if known.review or known.plan else []
    if known.review is not None:
        asked = known.asked("scope").as_of
        made = as_grid("day-pack-scope", scope_page.proposed(known.review, known.standard, asked))
        taken = f"What this review looks at, {BASES[known.basis]}: {count(len(known.review.taken), 'element')}"
        blocks += [Heading(2, "What it looks at"), replace(made, caption=taken)]
    if known.plan and known.plan.notes:
        blocks += [Heading(2, "Notes"), Paragraph(known.plan.notes)]
    return Page("scope", "The review", known.address("scope"), tuple(blocks), known.filters)


def _kind(known: Known) -> str:
    code = known.review.code if known.review else None
    planned = data.programme(known.view).assessments.filter(pl.col("assessment_code") == code)
    kind = planned["assessment_type"][0] if code and planned.height else None
    return KINDS.get(kind, "Review").lower() if kind else "review, not booked yet,"


def _lead(known: Known) -> str:
    if known.review is None:
        return f"No review can be prepared: {known.fault}."
    return f"{called(known)}: {known.review.sentence}"


def _facts(known: Known) -> list[tuple[str, str]]:
    held, review = known.certificate, known.review
    told = [("Certificate", f"{known.code}, {day(held['awarded_on'])} until {day(held['expires_on'])}")]
    told += [("Holder", known.names.get(known.holder) or str(known.holder))]
    told += [("Certification body", held["certification_body"])] if held["certification_body"] else []
    if review is not None and known.days is not None:
        told += [("Review", review.code or "not booked yet"), ("Days", days(*known.days))]
        told += [("Reviewed", known.names.get(review.department_code) or str(review.department_code))]
        assessor = data.programme(known.view).assessments.filter(pl.col("assessment_code") == review.code)["assessor"]
        told += [("Assessor", assessor[0])] if assessor.len() and assessor[0] else []
        told += [("Counts for", f"year {review.year} of the cycle")]
    told += [("Last time", day(known.last_on) if known.last_on else "never reviewed before")]
    return told


def _itinerary(known: Known) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Itinerary")]
    if known.plan and known.plan.meetings and known.draft:
        blocks += [_meetings(known, known.plan.meetings)]
        scopes = known.sites.select("site_code", "in_scope_from", "in_scope_to")
        spans = {code: (begins, ends) for code, begins, ends in scopes.iter_rows()}
        wrong = checks(known.plan.meetings, known.plan.elements, known.days, spans) if known.days else []
        blocks += [Heading(3, "Worth a look"), Points(tuple(wrong))] if wrong else []
        whose = "your own" if known.draft.is_mine else f"shared by {known.draft.made_by}"
        kept = f"From {known.draft.name}, {whose}, as kept on {moment(known.draft.changed_at)}. Local times."
        return [*blocks, Paragraph(kept, "note")]
    visits = planned_visits(known)
    if visits.is_empty():
        none = "No itinerary has been kept for this review, and no visit is booked with it."
        return [*blocks, Paragraph(f"{none} One can be made on the page Next review.")]
    rows = [
        Row(f"{site}~{on}", [text(name or site, site), on, address])
        for site, name, on, address in visits.select("site_code", "site_name", "visited_on", "address").iter_rows()
    ]
    columns = [Column("site", "Site"), Column("on", "Day", "day"), Column("address", "Address")]
    told = grid("day-pack-visits", "Visits booked with this review", columns, rows, known)
    return [*blocks, Paragraph("No itinerary has been kept for this review; these visits are booked with it."), told]


def _meetings(known: Known, meetings: Sequence[Meeting]) -> Grid:
    named = {code: (name, address) for code, name, address in known.sites.select(
        "site_code", "site_name", "address").iter_rows()}  # fmt: skip
    columns = [
        Column("when", "When"),
        Column("where", "Where"),
        Column("met", "Meeting"),
        Column("who", "Who"),
        Column("elements", "Elements"),
        Column("note", "Notes"),
    ]
    rows = []
    for turn, row in enumerate(meetings, 1):
        name, address = named.get(row.site, (row.site, None))
        cells = [
            text(f"{row.begins:%H:%M} to {row.ends:%H:%M}", day(row.day)),
            text(name or row.site or None, address),
            sentence_of(listing([MET[who].lower() for who in row.met])),
            row.who or None,
            ", ".join(row.elements) or None,
            row.note or None,
        ]
        rows.append(Row(str(turn), cells, name=f"{day(row.day)}, {row.begins:%H:%M}"))
    return grid("day-pack-itinerary", "Itinerary", columns, rows, known)


def sentence_of(words: str) -> str | None:
    """Words with a capital; None for none."""
    return sentence(words)[:-1] if words else None


def planned_visits(known: Known) -> pl.DataFrame:
    """The visits booked with the review (of its code, or on one of its days): site_code, visited_on, name, address."""
    if known.review is None or known.days is None:
        return known.sites.select("site_code", "site_name", "address", visited_on=pl.lit(None, pl.Date)).clear()
    first, last = known.days
    booked = data.programme(known.view).visits.filter(
        "planned", pl.col("visited_on").is_between(first, last) | pl.col("assessment_code").eq(known.review.code)
    )
    of = known.sites.select("site_code", "site_name", "address")
    return booked.join(of, on="site_code").sort("visited_on", "site_code")
