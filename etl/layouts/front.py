"""What a front sheet, or lines above headings, say of a whole file: department, days, assessor, type of assessment."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from etl.cells import MERGED, Row, Sheet, shown, stored
from etl.layouts.marks import bare, is_said
from scheme.errors import FileRefused
from scheme.letters import clean
from scheme.words import Words

# What is asked for: the labels that say it, bare (etl.layouts.marks).
LABELS: dict[str, tuple[str, ...]] = {
    "department_code": ("departmentcode", "servicecode", "codeofdepartment", "departmentref"),
    "department": (
        *("department", "departmentname", "nameofdepartment", "departmentservice", "serviceordepartment", "service"),
        *("servicename", "nameofservice", "servicearea", "departmentservicearea", "team", "unit", "directorate"),
    ),
    "self_assessed_on": (
        *("dateofselfassessment", "selfassessmentdate", "selfassessmentdates", "selfassessedon", "selfassdate"),
        *("selfassessmentcompleted", "selfassessmentcompletedon", "dateselfassessed", "selfassessmentcarriedouton"),
    ),
    "assessed_on": (
        *(
            "assessmentdate",
            "assessmentdates",
            "dateofassessment",
            "datesofassessment",
            "assessedon",
            "assessmentended",
        ),
        *("assessmentenddate", "enddate", "endedon", "dateassessed", "assessordate", "deskreviewdate", "reviewdate"),
        *("dateofreview", "dateofdeskreview", "dateofvisit", "visitdate"),
    ),
    "started_on": ("assessmentstart", "assessmentstartdate", "assessmentstarted", "startdate", "startedon"),
    "assessor": (
        *("assessor", "assessorname", "assessorsname", "nameofassessor", "assessedby", "leadassessor", "assessors"),
    ),
    "assessment_type": ("assessmenttype", "typeofassessment", "typeofreview", "reviewtype"),
}
_NAMES = {spelt: name for name, each in LABELS.items() for spelt in each}
_LABELLED = re.compile(r"\s*([^:]{3,40}?)\s*:\s*(\S.*)", re.S)
_BETWEEN = re.compile(r"\s+(?:to|until|and|&|[-–—])\s+|[–—;\n]|(?<=[0-9])-(?=[0-9]{1,2}(?:st|nd|rd|th)?\s+[A-Za-z])")
_DAYS = ("self_assessed_on", "assessed_on", "started_on")
_LOOKED_AT = 200  # rows of a front sheet


@dataclass(frozen=True)
class Fact:
    """What was said under one label: the cells, as stored, and where."""

    cells: tuple[str, ...]
    label: str
    where: str


@dataclass
class Front:
    """All that was said of a file as a whole, by what is asked for."""

    facts: dict[str, Fact] = field(default_factory=dict)

    def read(self, sheet: Sheet, before: int | None = None) -> bool:
        """Take what a sheet says, or its rows before one; whether it says anything.

        FileRefused where it says otherwise than was said before.
        """
        found = False
        for name, fact in _facts(sheet, before):
            found = True
            held = self.facts.setdefault(name, fact)
            if held != fact and [clean(shown(c)) for c in held.cells] != [clean(shown(c)) for c in fact.cells]:
                raise FileRefused(
                    f"{held.where} says {held.label}: {_all(held)}, and {fact.where} says {fact.label}: {_all(fact)}; "
                    "a workbook is of one department and one assessment, so correct one of them"
                )
        return found

    def text(self, *names: str) -> tuple[str, Fact | None]:
        """The cell said under the first of these that is said, as stored; "" where none is."""
        fact = next((self.facts[name] for name in names if name in self.facts), None)
        return (fact.cells[0], fact) if fact else ("", None)

    def day(self, words: Words, *names: str) -> tuple[str, Fact | None]:
        """The last day said under the first of these that is said, as 2025-03-07; FileRefused where it is no day."""
        fact = next((self.facts[name] for name in names if name in self.facts), None)
        if fact is None:
            return "", None
        day, why = None, None
        for cell in fact.cells:  # an assessment's day is its last
            text, how = stored(cell)
            whole, whole_why = words.parsed("day", text, how)
            if whole is None:
                whole, whole_why = words.parsed("day", (_BETWEEN.split(text) or [text])[-1], how)
            day, why = (whole, None) if whole is not None else (None, whole_why)
            if why:
                raise FileRefused(f"{fact.where}, {fact.label}: {why}")
        return (day.isoformat() if day else ""), fact

    def assessment_type(self, words: Words) -> tuple[str, Fact | None]:
        """The type said, as ours; FileRefused where it is none."""
        cell, fact = self.text("assessment_type")
        if fact is None:
            return "", None
        said, why = words.parsed("assessment_type", *stored(cell))
        if why:
            raise FileRefused(f"{fact.where}, {fact.label}: {why}")
        return said or "", fact


def _all(fact: Fact) -> str:
    return ", ".join(clean(shown(cell)) for cell in fact.cells)


def _facts(sheet: Sheet, before: int | None) -> Iterator[tuple[str, Fact]]:
    rows = [row for row in sheet.rows(_LOOKED_AT) if before is None or row.number < before]
    for y, (number, _, cells) in enumerate(rows):
        where = f"sheet {sheet.name}, row {number}" if sheet.name else f"row {number}"
        for x, cell in enumerate(cells):
            if not is_said(cell):
                continue
            text = clean(shown(cell))
            label, said = text.rstrip(": "), _beside(cells, x, is_sure=text.endswith(":"))
            if (match := _LABELLED.fullmatch(text)) and bare(match[1]) in _NAMES:
                label, said = match[1], [match[2]]
            name = _NAMES.get(bare(label))
            if name and not said and sum(_is_label(other) for other in cells) > 1:
                said = _below(rows, y, x)
            if name and said and (len(said) == 1 or name in _DAYS):  # more beside it: it heads a column
                yield name, Fact(tuple(said), label, where)


def has_labels(sheet: Sheet) -> bool:
    """Whether a sheet asks for what a front sheet says, filled in or not."""
    return sum(_is_label(cell) for row in sheet.rows(_LOOKED_AT) for cell in row.texts) > 2


def _is_label(cell: str) -> bool:
    return is_said(cell) and bare(shown(cell)) in _NAMES


def _beside(cells: Sequence[str], at: int, is_sure: bool) -> list[str]:
    """The cells to the right of a label that are filled, as far as the next; right behind a colon stands none."""
    found: list[str] = []
    for cell in cells[at + 1 :]:
        may_be_label = found or not is_sure
        if may_be_label and (_is_label(cell) or _LABELLED.fullmatch(clean(shown(cell)))):
            break
        if is_said(cell):
            found.append(cell)
        elif found and cell != MERGED:
            break
    return found


def _below(rows: Sequence[Row], at: int, place: int) -> list[str]:
    """The cell below a label, where labels stand side by side like headings."""
    cell = rows[at + 1].texts[place] if at + 1 < len(rows) else ""
    return [cell] if is_said(cell) and not _is_label(cell) else []
