"""The self-assessment workbook: a sheet for each criterion, a line for each element, two bands (inputs.md 2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from etl.cells import MERGED, Sheet, shown, stored
from etl.layouts.evidence_codes import EvidenceCodes
from etl.layouts.front import Front
from etl.layouts.marks import Spellings, bare, heading_row, is_again, is_said, others_than
from etl.layouts.staged import HeadingRow, Said, Source, Staged, left_out
from scheme.errors import FileRefused
from scheme.letters import clean
from scheme.standard import NOT_APPLICABLE
from scheme.tables import TABLES
from scheme.words import Words

# Our words for its columns, which a source file may map a heading onto, and how senders head them, bare.
COLUMNS: Spellings = {
    "ref": ("reference", "refno", "refnumber", "elementref", "elementno", "elementnumber", "elementcode"),
    "title": ("element", "elementtitle", "elementdescription", "requirement"),
    "show_me": ("showmehardevidence", "hardevidence", "showmeevidence"),
    "tell_me": ("tellmeseeonsite", "seeonsite", "tellmeevidence"),
    "self_band": (
        *("selfass", "selfassessment", "selfassess", "selfassessed", "selfassessmentband", "selfassessmentscore"),
        *("selfassessmentrating", "selfrating", "selfscore", "ownassessment"),
    ),
    "assessor_band": (
        *("assessor", "assessorrating", "assessorscore", "assessorass", "assessorsband", "assessorassessment"),
        *("assessorsassessment", "assessorview", "assessorsview", "assessorfinding", "assessordecision"),
    ),
    "assessor_comment": ("assessorcomments", "assessorscomments", "assessorscomment", "assessornotes"),
    "self_comment": ("selfcomments", "selfasscomments", "selfassessmentcomments", "selfassessmentcomment"),
    # What our own templates and lists of rows set aside have beside these (etl.template).
    "band_now": (),
    "since": (),
    "department_code": ("department",),
    "self_assessed_on": ("dateofselfassessment",),
    "assessed_on": ("dateofassessment", "assessmentdate"),
    "assessment_type": ("typeofassessment",),
    "assessor_name": ("nameofassessor",),
}
_MARKS = ("ref", "title", "show_me", "tell_me", "self_band", "assessor_band", "assessor_comment")
_ITS_OWN = ("show_me", "tell_me", "self_band", "assessor_comment")  # no other table has these
_SHOWN = {
    "ref": "Ref",
    "title": "Element",
    "show_me": "Show Me",
    "tell_me": "Tell Me",
    "self_band": "Self Ass",
    "assessor_band": "Assessor",
    "assessor_comment": "Assessor Comments",
}
_OF_ASSESSOR = ("assessment_type", "assessor_name")
_LISTED = 10  # rows named in a note
_LONG = 200  # characters


def found(sheet: Sheet, source: Source) -> HeadingRow | None:
    """The headings of a sheet of such a workbook; None where it is none."""

    def fits(columns: Mapping[str, list[int]]) -> bool:
        there = set(columns)
        own = not there.isdisjoint(_ITS_OWN) or {"ref", "title", "assessor_band"} <= there
        return len(there) > 2 and own and not there.isdisjoint(("ref", "title"))

    heading = heading_row(sheet, source, COLUMNS, fits)
    return None if heading is None or others_than(heading) else heading


@dataclass
class _Sheet:
    """One sheet on its way: where its columns are, what the file says as a whole, and the rows gathered so far."""

    sheet: Sheet
    heading: HeadingRow
    front: Front
    source: Source
    words: Words
    codes: EvidenceCodes
    self_rows: list[dict[str, object]] = field(default_factory=list)
    assessor_rows: list[dict[str, object]] = field(default_factory=list)
    evidence: list[dict[str, object]] = field(default_factory=list)
    told: dict[str, list[int]] = field(default_factory=dict)  # what is worth a note, and in which rows

    def __post_init__(self) -> None:
        """Tell the columns called Ref apart: the first is the element's, others belong to what they follow."""
        refs = sorted(self.heading.columns.get("ref", []))
        self.at = {name: self.heading.column(name) for name in self.heading.columns if name != "ref"}
        self.at["ref"] = refs[0] if refs else self.at.get("title")
        self.refs: dict[str, int] = {}
        for ref in refs[1:]:
            before = [(self.at[n], n) for n in ("show_me", "tell_me") if (self.at.get(n) or ref) < ref]
            if before:
                self.refs.setdefault(max((place or 0, n) for place, n in before)[1], ref)
        elsewhere = ("show_me", "tell_me", "assessor_comment", "self_comment", "title")
        self.elsewhere = [place for name in elsewhere if (place := self.at.get(name)) is not None]

    def cell(self, row: Sequence[str], name: str) -> str:
        """A cell of a row as stored, "" where the sheet has no such column."""
        place = self.at.get(name)
        return row[place] if place is not None else ""

    def note(self, what: str, row: int) -> None:
        """Remember a row of which something is to be said."""
        self.told.setdefault(what, []).append(row)

    # --- what holds for a row -----------------------------------------------------------------------------------------

    def department(self, row: Sequence[str]) -> str:
        """The department's code as a cell; FileRefused where nothing says it."""
        said, fact = self.front.text("department_code", "department")
        own = self.cell(row, "department_code")
        if is_said(own):
            return own
        if fact is None and "department_code" not in self.source.fixed:
            raise FileRefused(_ask(self.sheet, "the department", "Department", "its code", "department_code"))
        return said if fact is not None else self.source.fixed["department_code"]

    def day(self, row: Sequence[str], *names: str) -> str:
        """The day of a result; FileRefused where nothing says it."""
        own = next((self.cell(row, name) for name in names if is_said(self.cell(row, name))), "")
        said = own or self.front.day(self.words, *names, "started_on")[0] or self.source.fixed.get("assessed_on", "")
        if not said:
            label = "Date of self-assessment" if names[0] == "self_assessed_on" else "Date of assessment"
            raise FileRefused(_ask(self.sheet, "the day of the results", label, "the day", "assessed_on"))
        return said

    def assessors_type(self, row: Sequence[str]) -> str:
        """What the assessor's column is: desk review, unless the front sheet says another (not self-assessment)."""
        own = self.cell(row, "assessment_type")
        said = own if is_said(own) else self.front.assessment_type(self.words)[0]
        said = said or self.source.fixed.get("assessment_type", "")
        parsed, _ = self.words.parsed("assessment_type", *stored(said))
        return "desk_review" if parsed == "self_assessment" or not said else said

    def assessor(self, row: Sequence[str]) -> str:
        """The assessor's name as a cell."""
        own = self.cell(row, "assessor_name")
        return own if is_said(own) else self.front.text("assessor")[0] or self.source.fixed.get("assessor", "")

    # --- the rows -----------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Gather what every row says; heading rows of sub-criteria, which say nothing, are passed over."""
        above = ""
        for number, _, row in self.sheet.rows():
            if number <= self.heading.row:
                continue
            ref = self.cell(row, "ref")
            if is_again(row, self.heading):
                self.note("the headings again", number)
                continue
            element = _known(self.words, "element", ref) if is_said(ref) else None
            if self._bands(row, number, ref, element):
                self.note("bands in the wrong column", number)
            if is_said(ref):
                above = ref if element or self._says(row) else ""
            elif is_said(self.cell(row, "title")) and not self._says(row):
                above = ""  # the heading of what follows
            self._evidence(row, number, above, is_element=element is not None)

    def _says(self, row: Sequence[str]) -> bool:
        return any(is_said(self.cell(row, n)) for n in ("show_me", "tell_me", "self_band", "assessor_band"))

    def _bands(self, row: Sequence[str], number: int, ref: str, element: str | None) -> bool:
        """Take both bands of a row; whether one stands where no band belongs."""
        own: dict[str, object] = {"row_number": number, "fault": None, "element": ref}
        ours, theirs = self.cell(row, "self_band"), self.cell(row, "assessor_band")
        if is_said(ours) or (ours == MERGED and element):
            since = self.cell(row, "since")
            now, said = (_known(self.words, "band", self.cell(row, n)) for n in ("band_now", "self_band"))
            kept = is_said(since) and said is not None and now == said
            self.note("kept" if kept else "new", number)
            self.self_rows.append(
                own
                | {"at": str(self.at["self_band"]), "band": ours, "comment": self.cell(row, "self_comment")}
                | {"department_code": self.department(row), "assessment_type": "self_assessment"}
                | {"assessed_on": since if kept else self.day(row, "self_assessed_on", "assessed_on")}
            )
        elif is_said(self.cell(row, "self_comment")):
            self.note("a comment on a self-assessment and no band", number)
        if is_said(theirs) or (theirs == MERGED and element):
            self.assessor_rows.append(
                own
                | {"at": str(self.at["assessor_band"]), "band": theirs, "comment": self.cell(row, "assessor_comment")}
                | {"department_code": self.department(row), "assessment_type": self.assessors_type(row)}
                | {"assessed_on": self.day(row, "assessed_on", "self_assessed_on"), "assessor": self.assessor(row)}
            )
        elif is_said(self.cell(row, "assessor_comment")):
            self.note("an assessor's comment and no band", number)
        lacks = not is_said(ours) or not is_said(theirs)
        return lacks and any(self._is_band(row[place]) for place in self.elsewhere)

    def _is_band(self, cell: str) -> bool:
        # A letter may be anything; a word of the scale is one.
        if not is_said(cell) or len(clean(shown(cell))) <= 2:
            return False
        return _known(self.words, "band", cell) not in (None, NOT_APPLICABLE)

    def _evidence(self, row: Sequence[str], number: int, element: str, is_element: bool) -> None:
        for name, kind in (("show_me", "supportive"), ("tell_me", "observed")):
            said, ref = self.cell(row, name), row[self.refs[name]] if name in self.refs else ""
            if said == MERGED and is_element:
                self.note("evidence merged with the row above counts for that row alone", number)
            if not is_said(said) and not is_said(ref):
                continue
            department, text = self.department(row), said if said != MERGED else ""
            code, about = self.codes.code(department, element, ref if ref != MERGED else "", kind, text)
            self.evidence.append(
                {"row_number": number, "at": str(self.at[name]), "fault": None, "department_code": department}
                | {"element": element, "evidence_code": code, "evidence": text, "kind": kind}
                | {"note": about and f"Ref {about}"}
            )


def _known(words: Words, kind: Literal["band", "element"], cell: str) -> str | None:
    """The band or element that a cell names; what short cells name is kept, for one workbook has those of the next."""
    return _read(words, kind, cell) if len(cell) < _LONG else _read.__wrapped__(words, kind, cell)


@lru_cache(4096)
def _read(words: Words, kind: Literal["band", "element"], cell: str) -> str | None:
    text, how = stored(cell)
    read: str | None = (words.element(text, how) if kind == "element" else words.parsed("band", text, how))[0]
    return read


def staged(
    sheet: Sheet, heading: HeadingRow, front: Front, source: Source, words: Words, codes: EvidenceCodes
) -> list[Staged]:
    """The self results, the assessor's results and the evidence of a sheet, each where there is any.

    A sheet on which nothing is filled in gives an empty table of results, so that it is told of. FileRefused where the
    department or a day is needed and neither the front sheet nor the source file says it.
    """
    one = _Sheet(sheet, heading, front, source, words, codes)
    one.read()
    lacking = [_SHOWN[name] for name in _MARKS if name not in heading.columns]
    certainty = "likely" if lacking else "sure"
    first = "a sheet of a self-assessment workbook" + (f", likely: it lacks {', '.join(lacking)}" if lacking else "")
    notes = [first, *_notes(one), *left_out(sheet, heading, _used(one))]
    identity = [place for name in ("ref", "title") if (place := one.at.get(name)) is not None]
    identity = list(dict.fromkeys(identity))  # where there is no Ref, the element's title is
    tables: list[Staged] = []
    for table, rows, columns, more in (
        ("results", one.self_rows, ("band_now", "since", "self_comment", "self_assessed_on"), _self_notes(one)),
        ("results", one.assessor_rows, ("assessor_comment", "assessed_on", *_OF_ASSESSOR), _assessor_notes(one)),
        ("evidence", one.evidence, (), _evidence_notes(one)),
    ):
        if rows:
            places = [one.at.get(name) for name in ("department_code", *columns)]
            mine = [*identity, *(place for place in places if place is not None)]
            mine += one.refs.values() if table == "evidence" else ()
            told, notes = [*notes, *more], []
            plain, beside = _said(rows, table, source), _beside(one, rows[0])
            tables.append(Staged(table, plain, sheet, heading.texts, mine, told, "workbook", certainty, beside))
    if not tables:
        notes.append("no band and no evidence is filled in")
        tables.append(
            Staged(
                "results", _said([], "results", source), sheet, heading.texts, identity, notes, "workbook", certainty
            )
        )
    return tables


def _ask(sheet: Sheet, what: str, label: str, value: str, fixed: str) -> str:
    where = f"sheet {sheet.name}: " if sheet.name else ""
    return (
        f"{where}nothing says {what}; write `{label}` and {value} in two cells side by side on the front sheet or "
        f"above the headings, or {fixed} under [fixed] in a source file"
    )


def _said(rows: Sequence[Mapping[str, object]], table: str, source: Source) -> Said:
    fixed = {name: text for name, text in source.fixed.items() if name in TABLES[table].names}
    names = dict.fromkeys(("element", *fixed, *(name for row in rows for name in row)))
    all_ = tuple(dict.fromkeys(("row_number", "at", "fault", *names)))
    return Said(all_, [tuple(row.get(name, fixed.get(name)) for name in all_) for row in rows])


def _used(one: _Sheet) -> list[int]:
    return [*(place for place in one.at.values() if place is not None), *one.refs.values()]


def _beside(one: _Sheet, row: Mapping[str, object]) -> dict[str, str]:
    """What the front sheet says of the rows, under headings by which a list of rows set aside is understood again."""
    names = {"department_code": "Department code", "assessed_on": "Date of assessment"}
    if row.get("assessment_type") == "self_assessment":
        names["assessed_on"] = "Date of self-assessment"
    elif "assessment_type" in row:
        names |= {"assessment_type": "Type of assessment", "assessor": "Name of assessor"}
    return {
        heading: shown(str(row[name]))
        for name, heading in names.items()
        if row.get(name) and bare(heading) not in map(bare, one.heading.texts.values())
    }


# --- in words ---------------------------------------------------------------------------------------------------------


def _rows(numbers: Sequence[int]) -> str:
    distinct = list(dict.fromkeys(numbers))
    more = f" and {len(distinct) - _LISTED} more" if len(distinct) > _LISTED else ""
    return f"row{'' if len(distinct) == 1 else 's'} {', '.join(map(str, distinct[:_LISTED]))}{more}"


def _notes(one: _Sheet) -> Iterator[str]:
    for what in (
        "the headings again",
        "evidence merged with the row above counts for that row alone",
        "a comment on a self-assessment and no band",
        "an assessor's comment and no band",
    ):
        if what in one.told:
            yield f"{what}: {_rows(one.told[what])}"
    if "bands in the wrong column" in one.told:
        where = _rows(one.told["bands in the wrong column"])
        yield f"a band stands where no band belongs, and was not taken for one: {where}; move it if it is meant as one"


def _of_department(row: Mapping[str, object]) -> str:
    said = shown(str(row["department_code"]))
    return f"department {said}" if said else "the organisation itself"


def _day(one: _Sheet, row: Mapping[str, object]) -> str:
    text, how = stored(str(row["assessed_on"]))
    day, _ = one.words.parsed("day", text, how)
    return f"{day:%-d %B %Y}" if day else text


def _self_notes(one: _Sheet) -> list[str]:
    if not one.self_rows:
        return []
    whose = f"Self Ass: self-assessment of {_of_department(one.self_rows[0])}"
    kept, new = one.told.get("kept", []), one.told.get("new", [])
    told = []
    if kept:
        told.append(f"{whose}: {len(kept)} as under Band now, so of the days under Since")
    if new:
        row = next(row for row in one.self_rows if row["row_number"] == new[0])
        fact = one.front.day(one.words, "self_assessed_on", "assessed_on", "started_on")[1]
        where = f" ({fact.where}, {fact.label})" if fact else ""
        told.append(f"{whose}: {len(new)} of {_day(one, row)}{where}")
    return told


def _assessor_notes(one: _Sheet) -> list[str]:
    if not one.assessor_rows:
        return []
    row = one.assessor_rows[0]
    kind = str(row["assessment_type"]).replace("_", " ")
    said = one.front.text("assessment_type")[1] or "assessment_type" in one.source.fixed
    why = "" if said and kind != "desk review" else ", as nothing else is said"
    by = f", by {shown(str(row['assessor']))}" if row["assessor"] else ""
    return [f"Assessor: {kind}{why}, of {_of_department(row)} on {_day(one, row)}{by}"]


def _evidence_notes(one: _Sheet) -> list[str]:
    notes = []
    made = sum(str(row["evidence_code"]).startswith("text-") for row in one.evidence)
    if made:
        notes.append(f"evidence without a code of its own: {made}; each has one made from its text")
    if one.codes.recurring:
        codes = ", ".join(sorted(one.codes.recurring)[:_LISTED])
        notes.append(f"{codes}: before different texts of one element; each has a code of its own")
    return notes
