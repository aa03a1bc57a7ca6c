"""No row disappears: whatever is wrong with a row, it is set aside with its place, its reason and its cells (F3)."""

import io
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from etl.run import check
from scheme.standard import shipped
from tests.etl.made import HEADINGS, TODAY, accounted, csv, frame, ods, texts, xls, xlsx

GOOD = {
    "Department code": "HR",
    "Assessment type": "renewal",
    "Assessed on": date(2025, 3, 7),
    "Element": "1.1.1",
    "Band": "Compliant",
    "Comment": "fine",
}
# Fault -> what it does to a good row, and what the reason must name. All can be written in every kind of file.
FAULTS = {
    "no such element": ({"Element": "1.1.10"}, "element"),
    "a sub-criterion": ({"Element": "1.1"}, "element"),
    "a code made a day": ({"Element": date(2001, 1, 1)}, "date"),
    "no element": ({"Element": None}, "element is empty"),
    "another band": ({"Band": "Amber"}, "Amber"),
    "a band of look-alikes": ({"Band": "\u0421ompliant"}, "U+0421"),
    "no type": ({"Assessment type": None}, "assessment_type is empty"),
    "another type": ({"Assessment type": "visit"}, "assessment_type"),
    "a month": ({"Assessed on": "March 2025"}, "a day is needed"),
    "no day": ({"Assessed on": None}, "assessed_on is empty"),
    "a day that is not": ({"Assessed on": "30/02/2025"}, "calendar"),
    "a day to come": ({"Assessed on": date(2030, 1, 1)}, "day of loading"),
    "two departments": ({"Department code": "HR;IT"}, "department_code"),
    "a mixed script": ({"Department code": "H\u0420"}, "U+0420"),
    "a lost character": ({"Comment": "caf\x85"}, "U+0085"),
    "a very long cell": ({"Comment": "x" * 32_767 + "y"}, "32,768"),
}
KINDS = ("csv", "xlsx", "xls", "ods", "json", "ndjson", "parquet")
# A damaged text is refused whole; a workbook cannot hold such a cell.
NOT_EVERYWHERE = {"a lost character": ("csv", "json", "ndjson"), "a very long cell": ("xls", "xlsx")}


def written(kind, lines):
    match kind:
        case "csv":
            return csv(HEADINGS, *lines).encode()
        case "xlsx":
            return xlsx(("Results", [HEADINGS, *lines]))
        case "xls":
            return xls([HEADINGS, *lines])
        case "ods":
            return ods([HEADINGS, *lines])
    table = frame(HEADINGS, [tuple(cell or None for cell in line) for line in texts(lines)])
    if kind == "json":
        return table.write_json().encode()
    if kind == "ndjson":
        return table.write_ndjson().encode()
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def fits(fault, kind):
    return kind not in NOT_EVERYWHERE.get(fault, ())


@st.composite
def plans(draw):
    """Files of some kinds, each with rows of which some have one fault."""
    kinds = draw(
        st.lists(st.sampled_from(["csv", "xlsx", "xls", "ods", "json", "ndjson", "parquet"]), min_size=1, max_size=3)
    )
    return [
        (
            kind,
            draw(
                st.lists(st.sampled_from([None, None, *(f for f in FAULTS if fits(f, kind))]), min_size=1, max_size=9)
            ),
        )
        for kind in kinds
    ]


@given(plan=plans())
def test_every_row_with_a_fault_is_set_aside_with_its_place_reason_and_cells(tmp_path_factory, plan):
    folder = tmp_path_factory.mktemp("plan")
    codes = iter(f"{kind} {code}" for kind in ("annual_review", "renewal", "initial") for code in shipped("cse").codes)
    expected = {}
    for number, (kind, faults) in enumerate(plan):
        lines = []
        for place, fault in enumerate(faults, 1 if kind in ("json", "ndjson", "parquet") else 2):
            own, element = next(codes).split()
            change, named = FAULTS[fault] if fault else ({}, None)
            row = GOOD | {"Assessment type": own, "Element": element} | change
            lines.append(tuple(row.values()))
            if fault:
                expected[f"{number}.{kind}", place] = (named, row)
        (folder / f"{number}.{kind}").write_bytes(written(kind, lines))
    report = check([folder], today=TODAY)
    accounted(report)
    assert [file.read for file in report.files] == [len(faults) for _, faults in plan]
    found = {(report.files[row.file_number - 1].file, row.row): row for row in report.rejected}
    assert set(found) == set(expected)
    for place, (named, row) in expected.items():
        assert named in found[place].why
        sent = {heading: cell for heading, cell in found[place].cells.items() if heading != "Comment"}
        for heading, cell in row.items():
            if heading in sent and not isinstance(cell, date):
                assert sent[heading] == (cell or "")


@given(st.integers(0, 400))
def test_a_table_that_was_cut_anywhere_never_loads_a_row_that_was_not_sent(tmp_path_factory, at):
    rows = [f"HR,renewal,2025-03-07,{code},Compliant,fine" for code in shipped("cse").codes[:8]]
    whole = csv(HEADINGS, *rows)
    folder = tmp_path_factory.mktemp("cut")
    (folder / "a.csv").write_text(whole[: len(whole) - 1 - at], newline="")
    report = check([folder], today=TODAY)
    accounted(report)
    read = whole[: len(whole) - 1 - at].split("\r\n")
    uncut = [line for line in read[1:] if line in rows]
    assert report.files[0].outcome == "refused" or report.files[0].loaded in (len(uncut), len(uncut) + 1)
    if report.files[0].loaded > len(uncut):  # cut within the comment, the last cell: nothing shows it
        assert read[-1].count(",") == 5
