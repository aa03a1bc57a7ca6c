"""What is wrong on purpose, so that the Data page has something to show: one of each mistake that senders make."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from etl.demo.files import Sheet, Style, write

Row = dict[str, Any]


def _row(department: str, day: date, element: object, band: str, **more: object) -> Row:
    return {
        "department_code": department,
        "assessment_type": "desk_review",
        "assessed_on": day,
        "element": element,
        "band": band,
        **more,
    }


def rows(sender: str, today: date) -> Iterator[Row]:
    """The flawed rows at the end of a directorate's results; most are set aside, each for a reason of its own."""
    day = today - timedelta(24)
    if sender == "COMMUNITIES":  # codes that do not exist, a sub-criterion, a code that a spreadsheet made a day of
        yield _row("REG", day, "4.5.4", "compliant", comment="Complaints are studied and the lessons published.")
        yield _row("REG", day, "1.1.10", "compliant")
        yield _row("REG", day, "1.1", "partial", comment="Customer insight as a whole.")
        yield _row("REG", day, date(2001, 1, 1), "compliant")
    elif sender == "ADULTS":  # words that are no bands, months without a day
        yield _row("CAR", day, "2.2.2", "Mostly met")
        yield _row("CAR", day, "2.2.4", "Good")
        yield _row("CAR", day, "3.1.1", "TBC")
        month = f"{day:%B %Y}"
        yield from (_row("BBD", day, element, "compliant") | {"assessed_on": month} for element in ("1.3.1", "1.3.2"))
    elif sender == "CHILDREN":  # a department that no register names
        yield from (_row("ADMM", day, element, "compliant") for element in ("3.1.1", "3.2.1", "3.2.4"))
    elif sender == "PLACE":  # a day still to come
        yield _row("PRW", today + timedelta(30), "1.1.1", "compliant")
    elif sender == "RESOURCES":  # two answers to one question, and the same answer twice
        yield _row("FIN", day, "3.1.2", "compliant")
        yield _row("FIN", day, "3.1.2", "partial")
        yield from (_row("FIN", day, element, "compliant") for element in ("4.1.1", "4.1.1", "4.1.2", "4.1.2"))


def write_files(folder: Path, tenant: str, today: date) -> None:
    """The files that are flawed as a whole: one damaged, one without a column that is needed, some mistyped."""
    day = today - timedelta(31)
    if tenant == "ASHCOMBE":
        path = folder / "highways-evidence.xlsx"
        write(
            path,
            [
                Sheet(
                    "Evidence",
                    [{"department_code": "HWY", "element": "1.1.1", "evidence_code": "ES 01", "evidence": "?"}],
                )
            ],
        )
        path.write_bytes(path.read_bytes()[:2100])
        without = [
            {k: v for k, v in _row("WEL", day, e, "compliant").items() if k != "band"} for e in ("1.1.1", "1.1.2")
        ]
        write(folder / "wellbeing-desk-review.csv", [Sheet("Results", without)], Style(days="slashes"))
    else:
        seen = [{"site_code": code, "visited_on": day, "mode": "on_site"} for code in ("NO-02", "NO-20")]
        write(folder / "visits-late.csv", [Sheet("Visits", seen)], Style(days="long"))
        row = _row("30", day, "2.2.2", "compliant", checked_by="K. Mistry")
        rows = [row, row | {"element": "2.2.3", "band": "Nearly there"}, row | {"element": "2.2.6"}]
        write(folder / "lettings-desk-review.csv", [Sheet("Results", rows)], Style("long", "short"))


def write_correction(folder: Path, rows: list[Row]) -> None:
    """The file that puts right what was first mistyped."""
    said = [
        row | {"comment": "Corrected: typed as non-compliant by mistake in the last file. " + row["comment"]}
        for row in rows
    ]
    write(folder / "correction.csv", [Sheet("Results", said)], Style("long", "long"))
