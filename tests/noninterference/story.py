"""One small programme in two voices, as files that a department would send."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from scheme.standard import shipped

CODES = shipped("cse").codes
Row = dict[str, Any]
# What A's champion of HOU (and the assessor of certificate C-HOU) may not open: marked in every text of these.
HIDDEN = ("FIN", "FIN-1", None)


@dataclass(frozen=True)
class Voice:
    """How a tenant speaks: `text(table, column, department, n)`, `number(n)`, bands by turn, and own codes."""

    text: Callable[[str, str, str | None, int], str]
    number: Callable[[int], int]
    bands: tuple[str, ...]
    departments: tuple[tuple[str, str | None], ...]  # code, parent


TREE = (("HOU", None), ("HOU-1", "HOU"), ("FIN", None), ("FIN-1", "FIN"))


def _ours(table: str, column: str, department: str | None, n: int) -> str:
    mark = "HIDDEN" if department in HIDDEN else "OURS"
    return f"{mark}-{table}-{column}-{n}"


OURS = Voice(_ours, lambda n: 1000 * n, ("compliance_plus", "compliant", "compliant", "partial"), TREE)
THEIRS = Voice(
    lambda table, column, _, n: f"CANARY-B-{table}-{column}-{n}",
    lambda n: 1000 * n + 7,
    ("non_compliant", "partial", "compliant"),
    (*TREE, ("BEE-17", None)),
)
CHANGED = Voice(
    lambda table, column, _, n: f"CANARY-B-{table}-{column}-{n}-again",
    lambda n: 2000 * n + 17,
    ("compliant", "not_applicable", "non_compliant", "compliance_plus", "partial"),
    (*TREE, ("BEE-17", "HOU"), ("BEE-27", None)),
)


def told(voice: Voice, today: date, earlier: bool = False) -> dict[str, list[Row]]:
    """The rows by canonical table; `earlier` gives last year's, with which a programme starts."""
    day = today - timedelta(days=430 if earlier else 60)
    tables: dict[str, list[Row]] = {
        "departments": [
            {
                "department_code": code,
                "department_name": voice.text("departments", "department_name", code, n),
                "parent_code": parent,
                "contact": voice.text("departments", "contact", code, n),
            }
            for n, (code, parent) in enumerate(voice.departments)
        ],
        "results": list(_results(voice, day, earlier)),
    }
    if earlier:
        return tables
    s, soon, year = voice.text, today + timedelta(days=20), timedelta(days=365)
    places = [code for code, _ in voice.departments]
    tables["sites"] = [
        {
            "site_code": f"S-{code}",
            "site_name": s("sites", "site_name", code, n),
            "department_code": code,
            "must_visit": "yes" if n % 2 else "no",
            "address": s("sites", "address", code, n),
            "latitude": f"5{n}.{voice.number(1) % 10}",
            "longitude": f"-{n}.{voice.number(1) % 10}",
        }
        for n, code in enumerate(places)
    ]
    tables["certificates"] = [
        {
            "certificate_code": f"C-{code or 'ALL'}",
            "department_code": code,
            "awarded_on": today - 2 * year,
            "expires_on": today + year,
            "sites_required": 2,
            "certification_body": s("certificates", "certification_body", code, n),
        }
        for n, code in enumerate((None, *places))
    ]
    tables["assessments"] = [
        {
            "assessment_code": f"A-{code or 'ALL'}-{planned}",
            "department_code": code,
            "assessment_type": "annual_review",
            "started_on": soon if planned == "yes" else day - timedelta(days=2),
            "ended_on": soon if planned == "yes" else day,
            "assessor": s("assessments", "assessor", code, n),
            "planned": planned,
            "recommendation": s("assessments", "recommendation", code, n),
            "decision": s("assessments", "decision", code, n),
        }
        for n, code in enumerate((None, *places))
        for planned in ("yes", "no")
    ]
    tables["visits"] = [
        {"site_code": f"S-{code}", "visited_on": day, "assessment_code": f"A-{code}-no", "planned": "no"}
        for code in places[::2]
    ]
    tables["actions"] = [
        {
            "action_code": f"ACT-{code}",
            "department_code": code,
            "element": "1.1.2",
            "action": s("actions", "action", code, n),
            "owner": s("actions", "owner", code, n),
            "due_on": today - timedelta(days=10 - 15 * (n % 2)),
            "status": s("actions", "status", code, n),
            "origin": s("actions", "origin", code, n),
            "comment": s("actions", "comment", code, n),
        }
        for n, code in enumerate(places)
    ]
    tables["evidence"] = [
        {
            "department_code": code,
            "element": "1.1.1",
            "evidence_code": f"ES {n}",
            **{
                name: s("evidence", name, code, n) for name in ("evidence", "kind", "shown_by", "link", "owner", "note")
            },
        }
        for n, code in enumerate(places)
    ]
    tables["customer_groups"] = [
        {
            "department_code": code,
            "group": s("customer_groups", "group", code, n),
            "basis": s("customer_groups", "basis", code, n),
            "source": s("customer_groups", "source", code, n),
        }
        for n, code in enumerate(places)
    ]
    tables["service_standards"] = [
        {
            "department_code": code,
            "promise": s("service_standards", "promise", code, n),
            "channel": s("service_standards", "channel", code, n),
            "unit": s("service_standards", "unit", code, n),
            "target": voice.number(n + 1),
            "period": "2025",
            "achieved": voice.number(n + 2),
            "benchmark": voice.number(n + 3),
            "published_link": s("service_standards", "published_link", code, n),
        }
        for n, code in enumerate(places)
    ]
    return tables


def _results(voice: Voice, day: date, earlier: bool) -> Iterable[Row]:
    turn = 0
    for n, (code, _) in enumerate(((None, None), *voice.departments)):
        for element in CODES:
            turn += 1
            if (turn + n) % 11 == 0:
                continue  # not assessed
            for kind, which in (("annual_review", 0), *((("self_assessment", 1),) if turn % 5 == 0 else ())):
                yield {
                    "department_code": code,
                    "assessment_type": kind,
                    "assessed_on": day,
                    "element": element,
                    "band": voice.bands[(turn * (3 if earlier else 1) + which) % len(voice.bands)],
                    "reason": voice.text("results", "reason", code, turn),
                    "assessor": voice.text("results", "assessor", code, turn),
                    "comment": voice.text("results", "comment", code, turn),
                }
    if not earlier:  # a row that cannot be taken, with the sender's own cells
        yield {
            "department_code": "FIN",
            "assessment_type": "annual_review",
            "assessed_on": day,
            "element": "9.9.9",
            "band": "compliant",
            "comment": voice.text("rejected_rows", "cells", "FIN", 1),
        }


def written(voice: Voice, folder: Path, today: date, earlier: bool = False, prefix: str = "") -> Path:
    """Write the story as CSV files into a folder; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in told(voice, today, earlier).items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        with (folder / f"{prefix}{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    return folder


# What a program of A sends: two rows that may be taken, one that is new and one that is not, and one that may not.
A_FILE = b"""department_code,assessment_type,assessed_on,element,band
HOU,annual_review,2025-01-07,1.1.1,compliant
BEE-17,annual_review,2025-01-07,1.1.1,compliant
HOU,annual_review,2025-01-07,9.9.9,compliant
"""
