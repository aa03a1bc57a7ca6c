"""Where a figure comes from: rule and profile, results used and superseded, file, sheet, row, load and sender (F19)."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import components, words
from dashboard.behind import CriterionBehind, ElementBehind, Origin
from dashboard.pages.details_parts import assessment
from dashboard.shell import installed
from dashboard.table import Column, Row, table_json, text
from scheme.standard import Profile

_LISTED = 8  # more rows than this and a table gets a box to find in
_WHOSE = {"formal": "formal results", "self": "self-assessments", "desk": "desk reviews"}


def lineage(behind: ElementBehind | CriterionBehind, rule: str) -> Component:
    """The part *Details* of a drawer: what the figure follows from, and each result with where it was sent."""
    frames = [behind.results, behind.superseded]
    if isinstance(behind, ElementBehind):
        frames.append(behind.at_sites)
    both = pl.concat(frames, how="diagonal")
    told = both.sort("assessed_on", "load", descending=True).to_dicts()
    parts: list[Component] = [html.P(_rule(behind, rule), className="d-soft")]
    if told:
        parts += [_results(behind, told), _files(behind.origins, told)]
    return components.details("Details", *parts)


def of_visits(visits: pl.DataFrame, origins: Mapping[int, Origin], profile: Profile) -> Component:
    """The same for the sites of a certificate: each visit known with where it was sent; `visits`: db.reads.visit_rows.

    `profile`: the version in force, the certificate's own where it names one.
    """
    told = visits.sort("visited_on", "site_code", descending=[True, False]).to_dicts()
    rule = f"Rule: visits that count in the cycle, against the number required. {_profile(profile)}"
    parts: list[Component] = [html.P(f"{rule} Worked out by Assay {installed()}.", className="d-soft")]
    if told:
        rows = [Row(str(number), _visit(row, origins)) for number, row in enumerate(told)]
        columns = [Column("site", "Visit"), Column("file", "File"), Column("load", "Load")]
        drawn = table_json("Where the visits come from", columns, rows, find=len(rows) > _LISTED)
        parts += [components.table("details-visits", drawn), _files(origins, told)]
    return components.details("Details", *parts)


def _visit(row: Mapping[str, Any], origins: Mapping[int, Origin]) -> Sequence[Any]:
    mode = (row["mode"] or "on_site").replace("_", " ")
    what = f"{words.day(row['visited_on'])}, {mode}{', planned' if row['planned'] else ''}"
    return text(row["site_code"], what), *_sent(row, origins)


def _sent(row: Mapping[str, Any], origins: Mapping[int, Origin]) -> tuple[Any, Any]:
    """In which file a row stands, and which load it came with."""
    origin, where = origins.get(row["load"]), f"row {row['row']}" if row["row"] is not None else "no row"
    by = f" from {origin.sent_by}" if origin else ""
    return (
        text(row["file"], f"sheet {row['sheet']}, {where}" if row["sheet"] else where),
        text(f"{row['load']}", f"received {words.moment(row['loaded_at'])}{by}"),
    )


def _profile(profile: Profile) -> str:
    since = f"in force from {words.day(profile.in_force_from)}" if profile.in_force_from else "in force since ever"
    return f"Profile: {profile.name}, {since}."


def _rule(behind: ElementBehind | CriterionBehind, rule: str) -> str:
    standard = behind.standard
    return (
        f"Rule: {rule}, from {_WHOSE[behind.basis]}. {_profile(behind.profile)} Standard: {standard.title}, "
        f"{standard.edition}. Worked out by Assay {installed()}."
    )


def _results(behind: ElementBehind | CriterionBehind, told: Sequence[Mapping[str, Any]]) -> Component:
    of_several = isinstance(behind, CriterionBehind)
    rows = [Row(str(number), _result(behind, row, of_several)) for number, row in enumerate(told)]
    columns = [
        Column("day", "Result"),
        Column("file", "File"),
        Column("load", "Load"),
        Column("superseded", "Superseded"),
    ]
    drawn = table_json("Where the results come from", columns, rows, find=len(rows) > _LISTED)
    return components.table("details-origins", drawn)


def _result(behind: ElementBehind | CriterionBehind, row: Mapping[str, Any], of_several: bool) -> Sequence[Any]:
    ended = row.get("superseded_at")
    what = f"{words.day(row['assessed_on'])}, {assessment(row['assessment_type'])}"
    site = f", site {row['site_code']}" if row["site_code"] else ""
    label = behind.standard.band[row["band"]].label
    return (
        text(f"{row['element']} {label}" if of_several else label, what + site),
        *_sent(row, behind.origins),
        words.moment(ended) if ended else None,
    )


def _files(origins: Mapping[int, Origin], told: Sequence[Mapping[str, Any]]) -> Component:
    """Each file once: its fingerprint, who sent it, what took it, and the file itself for those who may have it."""
    wanted = dict.fromkeys((row["load"], row["file"], row["sheet"]) for row in told)
    items, seen = [], set()
    for load, file, sheet in wanted:
        origin = origins.get(load)
        if origin is None or (load, file) in seen:
            continue
        seen.add((load, file))
        sha256, number = origin.files.get((file, sheet), ("", None))
        facts = [f"load {load} from {origin.sent_by}", f"taken by Assay {origin.loader}" if origin.loader else ""]
        facts += [f"SHA-256 {sha256}"] if sha256 else []
        link: Component = html.A("the file as it was sent", href=f"/download/original/{load}/{number}", download="")
        offered: list[Any] = [", ", html.Span(link, className=components.FILES)] if number else []
        items.append(html.Li([f"{file}: {', '.join(fact for fact in facts if fact)}", *offered]))
    return html.Ul(items, className="d-list d-files")
