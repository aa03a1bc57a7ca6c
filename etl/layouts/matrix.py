"""The evidence matrix: pieces of evidence by element, several lines to one, and no band (inputs.md section 2)."""

from collections.abc import Mapping

from etl.cells import Sheet, shown, stored
from etl.layouts.evidence_codes import EvidenceCodes
from etl.layouts.front import Front
from etl.layouts.marks import Spellings, heading_row, is_again, is_said, others_than
from etl.layouts.staged import HeadingRow, Said, Source, Staged, left_out
from scheme.errors import FileRefused
from scheme.words import Words

# Our words for its columns, which a source file may map a heading onto, and how senders head them, bare.
COLUMNS: Spellings = {
    "ref": ("reference", "refno", "refnumber", "elementref", "elementno", "elementnumber", "elementcode"),
    "title": ("element", "elementtitle", "elementdescription", "requirement"),
    "evidence": ("evidencedescription", "supportingevidence", "evidencesupplied"),
    "owner": ("evidenceowner", "responsibleofficer", "leadofficer", "heldby"),
    "note": ("notes", "comments", "comment"),
    "department_code": ("department",),  # in lists of rows set aside
}
_MARKS = {"ref": "Ref.", "title": "Element", "evidence": "Evidence", "owner": "Owner", "note": "Notes"}
_LISTED = 10  # codes and rows named in a note


def found(sheet: Sheet, source: Source) -> HeadingRow | None:
    """The headings of a sheet that is an evidence matrix; None where it is none."""

    def fits(columns: Mapping[str, list[int]]) -> bool:
        return {"ref", "evidence"} <= set(columns) and len(set(columns) & set(_MARKS)) > 2

    heading = heading_row(sheet, source, COLUMNS, fits)
    return None if heading is None or others_than(heading) else heading


def staged(
    sheet: Sheet, heading: HeadingRow, front: Front, source: Source, words: Words, codes: EvidenceCodes
) -> Staged:
    """Each line that says anything of a piece of evidence as a row of evidence.

    A line without `Ref.` belongs to the element above it; headings of sub-criteria, which say nothing else, are passed
    over. FileRefused where the department is needed and neither the file nor the source file says it.
    """
    at = {name: heading.column(name) for name in heading.columns}
    said, fact = front.text("department_code", "department")
    if fact is None:
        said = source.fixed.get("department_code", "")
    knows = fact is not None or "department_code" in source.fixed
    where = f"sheet {sheet.name}: " if sheet.name else ""
    rows: list[tuple[object, ...]] = []
    above, named, repeated = "", dict[str, int](), 0
    for row in (row for row in sheet.rows() if row.number > heading.row):
        cell = {name: row.texts[place] for name, place in at.items() if place is not None}
        cell = {name: text if is_said(text) else "" for name, text in cell.items()}
        says = [name for name in ("evidence", "owner", "note") if cell.get(name)]
        if is_again(row.texts, heading):
            repeated += 1
            continue
        ref = cell["ref"]
        element = words.element(*stored(ref))[0] if ref else None
        if element:
            named.setdefault(element, 0)
        if ref:
            above = ref if element or says else ""
        elif not says and cell.get("title"):
            above = ""  # the heading of what follows
        if not says:
            continue
        department = cell.get("department_code") or said
        if not department and not knows:
            raise FileRefused(
                f"{where}nothing says whose evidence this is; write `Department` and its code in two cells side by "
                "side above the headings, or department_code under [fixed] in a source file"
            )
        text = "\n".join(shown(cell[name]) for name in says) if not cell["evidence"] else cell["evidence"]
        code, _ = codes.code(department, above, "", "", text)
        of = words.element(*stored(above))[0] if above else None
        if of:
            named[of] = named.get(of, 0) + 1
        values = [cell.get(name) or None for name in ("evidence", "owner", "note")]
        rows.append((row.number, None, None, department, above, code, *values))
    lacking = [word for name, word in _MARKS.items() if name not in heading.columns]
    notes = ["an evidence matrix" + (f", likely: it lacks {', '.join(lacking)}" if lacking else "")]
    if fact is not None and rows:
        notes.append(f"evidence of department {shown(said)} ({fact.where}, {fact.label})")
    notes += _notes(codes, rows, named, repeated)
    used = [place for place in at.values() if place is not None]
    notes += left_out(sheet, heading, used)
    columns = ("department_code", "element", "evidence_code", "evidence", "owner", "note")
    plain = Said(("row_number", "at", "fault", *columns), rows)
    beside = {} if "department_code" in at or not said else {"Department code": shown(said)}
    certainty = "likely" if lacking else "sure"
    return Staged("evidence", plain, sheet, heading.texts, (), notes, "matrix", certainty, beside)


def _notes(codes: EvidenceCodes, rows: list[tuple[object, ...]], named: Mapping[str, int], repeated: int) -> list[str]:
    notes = [] if rows else ["no evidence is filled in"]
    bare_ones = [element for element, count in named.items() if not count]
    if bare_ones:
        more = f" and {len(bare_ones) - _LISTED} more" if len(bare_ones) > _LISTED else ""
        notes.append(f"elements without evidence: {', '.join(bare_ones[:_LISTED])}{more}")
    if repeated:
        notes.append(f"the headings stand there {repeated} more times")
    made = sum(str(row[5]).startswith("text-") for row in rows)
    if made:
        notes.append(f"evidence without a code of its own: {made}; each has one made from its text")
    if codes.recurring:
        which = ", ".join(sorted(codes.recurring)[:_LISTED])
        notes.append(f"{which}: before different texts of one element; each has a code of its own")
    return notes
