"""What an assessor's report says of itself: when the visit was, of whom, by whom, of what type, with what scope."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from etl.layouts.report_lines import Line, Year, days_in, year_at
from etl.layouts.staged import Source
from scheme.errors import FileRefused
from scheme.letters import clean
from scheme.words import Words

_LABELS = {
    "visit": r"(?:dates? of (?:the )?)?(?:on-?site |site |assessment )*visits?(?: dates?)?(?:\(s\))?"
    r"|(?:dates? of (?:the )?)?on-?site assessment(?: dates?)?",
    "document review": r"(?:dates? of (?:the )?)?(?:document|desk(?:top)?|paper)(?:[- ]based)? (?:review|assessment)"
    r"(?: dates?)?",
    "assessment": r"(?:assessment|review|audit) dates?|dates? of (?:the )?(?:assessment|review|audit)|assessed on"
    r"|date assessed",
    "department code": r"department code|code of (?:the )?department",
    "department": r"department(?: name)?|name of (?:the )?department|directorate|division|service(?: area)?",
    "organisation": r"(?:name of (?:the )?)?organi[sz]ation(?: name)?|applicant|client|customer|holder",
    "assessor": r"(?:lead )?assessor(?:s|\(s\))?(?: name)?|(?:name of (?:the )?(?:lead )?)assessors?|assessed by",
    "certificate": r"certificate(?: (?:number|no\.?|code|ref(?:erence)?))?",
    "type": r"(?:assessment|review|report|visit) type|type(?: of (?:assessment|review|report|visit))?",
    "reference": r"assessment (?:ref(?:erence)?|code|number|no\.?)",
    "scope": r"scope(?: of (?:the |this )?(?:review|assessment|visit))?"
    r"|elements (?:in scope|reviewed|assessed|covered)",
    "recommendation": r"(?:(?:assessor's|overall|final) )?recommendations?",
}
_FULL = {name: re.compile(pattern, re.I) for name, pattern in _LABELS.items()}
_ENDING = ("visit", "document review", "assessment", "assessor", "certificate", "reference", "scope", "recommendation")
_TYPES = {
    "gap_analysis": r"gap analysis",
    "initial": r"(?:initial|first) (?:assessment|certification)",
    "annual_review": r"annual (?:review|surveillance|assessment)|surveillance (?:visit|review|assessment)",
    "renewal": r"renewal|re-?certification|re-?accreditation",
    "reassessment": r"re-?assessment",
}
_ROLLING = re.compile(r"rolling[- ]programme|(?:\d\d\s?)?\bRP\s?\d\b|\d\dRP\d", re.I)
_CODES = re.compile(r"\d+(?:\.\d+){0,2}")


@dataclass(frozen=True)
class Cover:
    """What was understood; `days`: those of the visit, or of the assessment where no visit is named.

    `department`: None where nothing is said, "" for the organisation itself. `scope`: codes of elements as written,
    `;` between; "" where none are stated. `years`: the days of a rolling programme's years, by prefix.
    """

    days: list[date]
    assessment_type: str
    department: str
    assessor: str
    certificate: str
    reference: str
    scope: str
    recommendation: str
    row: int  # where it says when
    said: str  # the days in words, as "visit 3 and 4 March 2025"
    years: dict[str, date]
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Said:
    name: str
    value: str
    line: Line
    year: Year | None = None


def is_fact(line: Line) -> bool:
    """Whether a line of text says something of the report itself, and so is no comment."""
    label, colon, _ = line.text.partition(" | ") if " | " in line.text else line.text.partition(":")
    return bool(colon) and _name(label) in _ENDING


def cover_of(rest: Sequence[Line], title: Sequence[Line], source: Source, words: Words) -> Cover:
    """What the lines that are no results say; `title`: the first lines of the document.

    What the report says clearly counts; what it does not is taken from the source's [fixed]. FileRefused where neither
    says when the visit was, of what type the assessment is, or of which department, with what to put there.
    """
    said = list(_said(rest))
    doubts: list[str] = []
    notes: list[str] = []
    days, row, how = _days(said, source, words, doubts, notes)
    kind = _type(said, title, source, words, doubts)
    department = _department(said, source, notes)
    certificate = _one(said, "certificate", notes) or source.fixed.get("certificate_code", "")
    if certificate:
        notes.append(f"certificate {certificate}, by its cover; certificates are kept in their own register")
    years = {one.year.label: found[-1] for one in said if one.year and (found := days_in(one.value, words))}
    return Cover(
        days,
        kind,
        department,
        _one(said, "assessor", notes) or source.fixed.get("assessor", ""),
        certificate,
        _one(said, "reference", notes) or source.fixed.get("assessment_code", ""),
        _scope(said, words) or source.fixed.get("scope", ""),
        _one(said, "recommendation", notes) or source.fixed.get("recommendation", ""),
        row,
        how,
        {label: day for label, text in source.years.items() if (day := words.day(text)[0])} | years,
        doubts,
        notes,
    )


def in_words(days: Sequence[date]) -> str:
    """Days as people write them: `3 and 4 March 2025`."""
    texts = [f"{day:%-d %B %Y}" for day in days]
    for n, (day, after) in enumerate(pairwise(days)):
        if (day.year, day.month) == (after.year, after.month):
            texts[n] = f"{day.day}"
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _name(label: str) -> str | None:
    bare = clean(label).rstrip(" :?").replace("’", "'")
    return next((name for name, pattern in _FULL.items() if pattern.fullmatch(bare)), None) if len(bare) < 60 else None


def _said(lines: Sequence[Line]) -> Iterator[_Said]:
    for n, line in enumerate(lines):
        parts = line.text.split(" | ")
        if year := year_at(line.text):
            yield _Said("year", year[1], line, year[0])
            continue
        for m, part in enumerate(parts):
            label, _, value = part.partition(":")
            name = _name(label)
            if not name:
                continue
            following = parts[m + 1 : m + 2]
            if not value.strip() and not following and len(parts) == 1 and n + 1 < len(lines):
                following = [] if _name(lines[n + 1].text.partition(":")[0]) else [lines[n + 1].text]
            text = value.strip() or "".join(following).strip()
            if text:
                yield _Said(name, text, line)


def _days(
    said: Sequence[_Said], source: Source, words: Words, doubts: list[str], notes: list[str]
) -> tuple[list[date], int, str]:
    """The days that count, the row that names them, and both in words."""
    review = [days for one in said if one.name == "document review" and (days := days_in(one.value, words))]
    if review:
        notes.append(f"document review {in_words(review[0])}: the day of the visit counts")
    why = "it does not say when the visit was"
    for name in ("visit", "assessment"):
        found = [(tuple(days_in(one.value, words)), one) for one in said if one.name == name]
        clear = {days for days, _ in found if days}
        if len(clear) == 1:
            days = list(clear.pop())
            if name == "assessment":
                doubts.append("its day is called the assessment's, not the visit's")
            row = next(one.line.row for named, one in found if named)
            return days, row, f"{name} {in_words(days)}"
        if len(clear) > 1:
            why = f"its {name} is dated {' and also '.join(in_words(days) for days in sorted(clear))}"
            break
        if found:
            _, one = found[0]
            reason = words.day(one.value)[1] or "no day is named"
            why = f"the day of its {name} cannot be told ({one.line.where}: {reason})"
            break
    if "assessed_on" in source.fixed:
        day, unread = words.day(source.fixed["assessed_on"])
        if day:
            notes.append(f"{why}; {day:%-d %B %Y} is the source file's")
            return [day], 0, f"assessed on {day:%-d %B %Y}"
        why = f"assessed_on in [fixed]: {unread}"
    raise FileRefused(
        f"this is an assessor's report, but {why} (the day on its cover may be that of printing, and never counts); "
        "write `Visit: 3 March 2025` into it, or put assessed_on = 2025-03-03 into [fixed] of a source file"
    )


def _type(said: Sequence[_Said], title: Sequence[Line], source: Source, words: Words, doubts: list[str]) -> str:
    values = [one.value for one in said if one.name == "type"]
    found = {kind for value in values if (kind := words.assessment_type(value)[0])}
    texts = [*values, *(line.text for line in title if _may_be_title(line.text))]
    for text in () if found else texts:
        found |= {kind for kind, pattern in _TYPES.items() if re.search(rf"\b(?:{pattern})", text, re.I)}
    if len(found) == 1:
        return str(found.pop())
    if "assessment_type" in source.fixed:
        return source.fixed["assessment_type"]
    if not found and any(_ROLLING.search(text) for text in texts):
        doubts.append("a rolling programme's report, taken as an annual review")
        return "annual_review"
    why = f"it may be a report of {' or '.join(sorted(found))}" if found else "it does not say of what type it is"
    raise FileRefused(
        f"this is an assessor's report, but {why.replace('_', ' ')}; write `Type of assessment: annual review` "
        'into it, or put assessment_type = "annual_review" (or another) into [fixed] of a source file'
    )


def _may_be_title(text: str) -> bool:
    return ":" not in text and len(text) <= 100 and not re.search(r"previous|last|prior|next", text, re.I)


def _department(said: Sequence[_Said], source: Source, notes: list[str]) -> str:
    code, name = _one(said, "department code", notes), _one(said, "department", notes)
    fixed = source.fixed.get("department_code")
    if code or fixed is not None:
        if name and not code:
            notes.append(f"its cover says {name}; {fixed or 'the organisation itself'} is the source file's")
        return code or fixed or ""
    if name:
        whole = name.casefold() in ("corporate", "corporate body", "whole organisation", "whole council")
        return "" if whole else name
    of = _one(said, "organisation", notes)
    told = f" ({of} is named as an organisation)" if of else ""
    raise FileRefused(
        f"this is an assessor's report, but it does not say of which department{told}; write `Department: HR` into it, "
        'or put department_code = "HR" into [fixed] of a source file ("" for the organisation itself)'
    )


def _one(said: Sequence[_Said], name: str, notes: list[str]) -> str:
    values = list(dict.fromkeys(clean(one.value) for one in said if one.name == name))
    if len(values) > 1:
        notes.append(f"{name}: {values[0]} was taken; it also says {', '.join(values[1:])}")
    return values[0] if values else ""


def _scope(said: Sequence[_Said], words: Words) -> str:
    """The codes that the report says it looked at; a criterion or sub-criterion stands for all its elements."""
    codes: list[str] = []
    for one in said:
        for code in _CODES.findall(one.value) if one.name == "scope" else ():
            known = words.standard.elements
            below = [e.code for e in known if code in (e.criterion, e.sub_criterion)]
            codes += below or [code]
    all_named = any(re.match(r"all\b", one.value, re.I) for one in said if one.name == "scope")
    return "" if all_named else ";".join(dict.fromkeys(codes))
