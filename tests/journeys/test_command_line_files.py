"""Files of every kind, encoding and shape (inputs.md sections 1 and 2): the same table in, the same rows out."""

import datetime
import io
import json
import os
import zipfile

import openpyxl
import polars as pl

from tests.journeys.command_line import RESULT, csv_text, only, tuples

DAY = datetime.date(2025, 3, 7)
# department, type, day, element, band, restated
ROWS = [
    ("007", "annual_review", DAY, "1.1.1", "Compliant", True),
    ("1.10", "annual_review", DAY, "1.1.2", "CP", False),
    ("TRUE", "annual_review", DAY, "1.3.5", "Partially met", None),
]
HEADING = (*RESULT, "Restated")


def xlsx(**sheets):
    """A workbook of sheets given as lines of cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        sheet = book.create_sheet(title.replace("_", " "))
        for line in lines:
            sheet.append(list(line))
    return saved(book)


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(lines):
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Results")
    style = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            if cell is not None:
                sheet.write(y, x, cell, *([style] if isinstance(cell, datetime.date) else []))
    return saved(book)


def ods(lines):
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    table = Table(name="Results")
    for line in lines:
        row = TableRow()
        for value in line:
            if value is None:
                cell = TableCell()
            elif isinstance(value, bool):
                cell = TableCell(valuetype="boolean", booleanvalue=str(value).lower())
                cell.addElement(P(text=str(value).upper()))
            elif isinstance(value, datetime.date):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
                cell.addElement(P(text=value.strftime("%d/%m/%Y")))
            else:
                cell = TableCell(valuetype="string")
                cell.addElement(P(text=value))
            row.addElement(cell)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    return saved(book)


def parquet(rows):
    out = io.BytesIO()
    pl.DataFrame(rows, schema=list(HEADING), orient="row").write_parquet(out)
    return out.getvalue()


def objects(rows):
    return [
        {name: value.isoformat() if value == DAY else value for name, value in zip(HEADING, row, strict=True)}
        for row in rows
    ]


def test_every_kind_of_file_gives_the_same_rows(warehouse):
    def rows(kind):
        return [(f"{kind} {code}", *rest) for code, *rest in ROWS]

    warehouse.csv("one.csv", HEADING, *rows("csv"))
    warehouse.write("two.xlsx", xlsx(Results=[HEADING, *rows("xlsx")]))
    warehouse.write("three.xls", xls([HEADING, *rows("xls")]))
    warehouse.write("four.ods", ods([HEADING, *rows("ods")]))
    warehouse.write("five.parquet", parquet(rows("parquet")))
    warehouse.write("six.json", json.dumps(objects(rows("json"))))
    warehouse.write("seven.ndjson", "".join(json.dumps(row) + "\n" for row in objects(rows("ndjson"))))
    loaded = warehouse.load(".", code=0)
    assert {record["loaded"] for record in loaded.files} == {3}
    assert len(loaded.files) == 7
    sheets = {record["file"].rsplit("/", 1)[-1]: record["sheet"] for record in loaded.files}
    assert {name: sheets[name] for name in ("two.xlsx", "three.xls", "four.ods")} == {
        "two.xlsx": "Results",
        "three.xls": "Results",
        "four.ods": "Results",
    }
    assert sheets["one.csv"] is None
    found = tuples(warehouse.measure("history"), "department_code assessed_on element band restated")
    assert sorted(found) == sorted(
        (f"{kind} {code}", "2025-03-07", element, band, restated)
        for kind in ["csv", "xlsx", "xls", "ods", "parquet", "json", "ndjson"]
        for code, element, band, restated in (
            ("007", "1.1.1", "compliant", True),
            ("1.10", "1.1.2", "compliance_plus", False),
            ("TRUE", "1.3.5", "partial", False),
        )
    )


NOTE = "Café £5 – “quoted” €, naïve"
ENCODED = {
    "plain": ("utf-8", "\n"),
    "bom": ("utf-8-sig", "\n"),
    "windows-lines": ("utf-8", "\r\n"),
    "old-mac-lines": ("utf-8", "\r"),
    "utf16": ("utf-16", "\n"),
    "utf16-be": ("utf-16-be", "\n"),
    "windows": ("cp1252", "\r\n"),
}
SEPARATED = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def test_encodings_line_ends_and_separators_do_not_matter(warehouse):
    heading = (*RESULT, "Comment")
    for name, (encoding, end) in ENCODED.items():
        text = csv_text(heading, [(name, "initial", "2025-03-07", "1.1.1", "C", NOTE),
                                  (name, "initial", "2025-03-07", "1.1.2", "Amber", NOTE)])  # fmt: skip
        if encoding == "utf-16-be":
            text = "\N{ZERO WIDTH NO-BREAK SPACE}" + text
        warehouse.write(f"in/{name}.csv", text.replace("\n", end).encode(encoding))
    for name, separator in SEPARATED.items():
        text = csv_text(heading, [(name, "initial", "2025-03-07", "1.1.1", "C", "one, two; three | four\tfive"),
                                  (name, "initial", "2025-03-07", "1.1.2", "Amber", "a\nb")], separator)  # fmt: skip
        warehouse.write(f"in/{name}.csv", text)
    loads, rejected = warehouse.check("in", code=3)
    for name in (*ENCODED, *SEPARATED):
        record = only(loads, f"{name}.csv")
        assert (record["outcome"], record["read"], record["loaded"], record["set_aside"]) == ("loaded", 2, 1, 1), record
        aside = only(rejected, f"{name}.csv")
        assert list(aside["cells"]) == list(heading)
        assert aside["row"] == 3
        assert aside["cells"]["Comment"] == (NOTE if name in ENCODED else "a\nb")


TITLED = """Anytown Council;;;;
Annual review of 2025, printed on 8 March 2025;;;;

Note: C = compliant;;;;
DEPARTMENT_CODE;assessment-type;Assessed on;  element ;B A N D;Mood
A;annual_review;07/03/2025;1.1.1;C;sunny

B;annual_review;07/03/2025;1.1.1;Amber;rainy
;;;;;
;;;;;
"""


def test_the_header_is_found_below_titles_whatever_its_case_spaces_and_dashes(warehouse):
    warehouse.write("in/titled.csv", TITLED)
    others = TITLED.replace("A;annual", "C;annual").replace("B;annual", "D;annual")  # else they are duplicates
    lines = [line.split(";") for line in others.splitlines()]
    warehouse.write("in/titled.xlsx", xlsx(Sheet_1=[[cell or None for cell in line] for line in lines]))
    said = warehouse.say("check", "in", code=3)
    both = said.json
    for name in ("titled.csv", "titled.xlsx"):
        record = only(both["loads"], name)
        assert (record["table"], record["read"], record["loaded"], record["set_aside"]) == ("results", 2, 1, 1)
        assert only(both["rejected"], name)["row"] == 8  # as a person counts the lines of the file
        assert only(both["rejected"], name)["cells"]["Mood"] == "rainy"
    assert "Mood" in said.err


def test_every_sheet_of_a_workbook_is_a_table_of_its_own(warehouse):
    warehouse.write("all.xlsx", xlsx(
        Read_me=[["Our submission"], ["Please be kind"]],
        Results=[RESULT, ("A", "annual_review", DAY, "1.1.1", "Compliant")],
        Departments=[("Department code", "Department name"), ("A", "Alpha"), ("B", "Bravo")],
        Empty=[],
    ))  # fmt: skip
    said = warehouse.say("load", "all.xlsx", "--tenant", "T", code=(0, 3))
    results, departments = only(said.json, "all.xlsx", "Results"), only(said.json, "all.xlsx", "Departments")
    assert (results["table"], results["loaded"]) == ("results", 1)
    assert (departments["table"], departments["loaded"]) == ("departments", 2)
    assert results["sha256"] == departments["sha256"]
    assert "Read me" in said.err  # not dropped silently
    assert "please confirm" not in said.err
    assert [row["sheet"] for row in warehouse.measure("history")] == ["Results"]


def test_a_wide_table_counts_each_band_as_one(warehouse):
    lines = [
        (
            "Department code",
            "Site code",
            "Assessment type",
            "Assessed on",
            "1.1.1",
            "1.1.2",
            "1.1.3",
            "5.3.3",
            "1.1.10",
        ),
        ("W1", None, "annual_review", "2025-03-07", "Compliant", None, "TBC", "CP", None),
        ("W2", None, "annual_review", "2025-03-07", "Amber", "C", "-", "P", None),
        ("W3", None, "annual_review", "2025-03-07", None, None, None, None, None),
        ("W4", "S1", "annual_review", "2025-03-07", "NC", None, None, None, None),
        ("W5", None, "annual_review", "2999-03-07", "C", "C", None, None, None),
    ]
    warehouse.csv("wide.csv", *lines)
    warehouse.write("wide.xlsx", xlsx(Wide=[lines[0], *((f"X{line[0]}", *line[1:]) for line in lines[1:])]))
    loaded = warehouse.load("wide.csv", "wide.xlsx", code=3)
    for name in ("wide.csv", "wide.xlsx"):
        record = loaded.file(name)
        # 10 bands: C TBC CP | Amber C - P | NC | C C
        assert [record[k] for k in ("table", "read", "loaded", "no_result", "set_aside")] == ["results", 10, 5, 2, 3]
    assert "1.1.10" in loaded.said.err
    amber, *late = [row for row in loaded.rejected if row["file"].endswith("wide.csv")]
    assert amber["row"] == 3
    assert "Amber" in amber["why"]
    assert amber["cells"]["1.1.1"] == "Amber"
    assert amber["cells"]["Department code"] == "W2"
    assert {row["row"] for row in late} == {6}
    history = warehouse.measure("history")
    assert sorted(
        tuples([r for r in history if r["department_code"][0] == "W"], "department_code site_code element band row")
    ) == [
        ("W1", None, "1.1.1", "compliant", 2),
        ("W1", None, "5.3.3", "compliance_plus", 2),
        ("W2", None, "1.1.2", "compliant", 3),
        ("W2", None, "5.3.3", "partial", 3),
        ("W4", "S1", "1.1.1", "non_compliant", 5),
    ]


def test_what_a_spreadsheet_did_to_codes_and_days_is_never_guessed(warehouse):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Results"
    sheet.append([*RESULT, "Comment"])
    sheet.append([7, "annual_review", DAY, "1.1.1", "C"])  # a code stored as a number
    sheet.append(["A", "annual_review", DAY, datetime.date(2001, 1, 1), "C"])  # 1.1.1 made a date
    sheet.append(["B", "annual_review", 45723, "1.1.1", "C"])  # a serial number
    sheet.append(["C", "annual_review", 2025, "1.1.1", "C"])  # a year
    sheet.append(["D", "annual_review", datetime.datetime(2025, 3, 7), "1.1.1", "C"])
    sheet.append(["E", "annual_review", DAY, "1.1.1", "=1/0"])  # no value was stored with the formula
    sheet.append(["F", "annual_review", DAY, 1.1, "C"])
    sheet.append(["G", "annual_review", DAY, "1.1.1", "#N/A"])
    warehouse.write("in/cells.xlsx", saved(book))
    old = openpyxl.Workbook()
    old.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    old.active.append(list(RESULT))
    old.active.append(["MAC", "annual_review", DAY, "1.1.1", "C"])
    old.active.append(["MAC-SERIAL", "annual_review", 45723 - 1462, "1.1.1", "C"])
    warehouse.write("in/mac.xlsx", saved(old))
    loaded = warehouse.load("in", code=3)
    history = {row["department_code"]: row for row in warehouse.measure("history")}
    assert {code: row["assessed_on"] for code, row in history.items() if code != "7"} == {
        "B": "2025-03-07",
        "D": "2025-03-07",
        "MAC": "2025-03-07",
        "MAC-SERIAL": "2025-03-07",
    }
    why = loaded.why("cells.xlsx")
    assert set(why) - {2} == {3, 5, 7, 8, 9}
    assert ("7" in history) != (2 in why)
    assert "date" in why[3]
    assert "day" in why[5]


def test_merged_and_hidden_cells_never_turn_into_something_else(warehouse):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Results"
    for line in (
        RESULT,
        ("A", "annual_review", DAY, "1.1.1", "C"),
        (None, "annual_review", DAY, "1.1.2", "C"),
        ("B", "annual_review", DAY, "1.1.1", "C"),
    ):
        sheet.append(list(line))
    sheet.merge_cells("A2:A3")
    sheet.row_dimensions[4].hidden = True
    hidden = book.create_sheet("Old figures")
    for line in (RESULT, ("OLD", "annual_review", DAY, "1.1.1", "N")):
        hidden.append(list(line))
    hidden.sheet_state = "hidden"
    warehouse.write("merged.xlsx", saved(book))
    loaded = warehouse.load("merged.xlsx", code=(0, 3))
    history = tuples(warehouse.measure("history"), "department_code element")
    # The merged cell says A for both rows; to read the second as the corporate body's would be a guess.
    assert (None, "1.1.2") not in history
    assert ("A", "1.1.2") in history or 3 in loaded.why("merged.xlsx")
    assert ("A", "1.1.1") in history or 2 in loaded.why("merged.xlsx")
    # What is hidden is not dropped silently, and not taken silently either.
    assert "Old figures" in loaded.said.err or "hidden" in loaded.said.err


def locked():
    """What Excel writes where a password is set: an OLE container with the encrypted workbook in a stream."""
    container = xls([RESULT])
    old, new = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    at = container.index(old + b"\0\0")
    entry = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    return container[:at] + entry + container[at + 66 :]


def test_a_damaged_or_locked_or_unknown_file_is_refused_and_the_others_go_on(warehouse):
    good = xlsx(Results=[RESULT, ("A", "annual_review", DAY, "1.1.1", "Compliant")])
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(Results=[RESULT]))) as old, zipfile.ZipFile(bomb, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name.endswith("sheet1.xml"):
                body = body.replace(
                    b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                )
                body = body.replace(b'<dimension ref="A1:E1"', b'<dimension ref="A1:XFD1048576"')
            new.writestr(name, body)
    refused = {
        "damaged.xlsx": good[: len(good) // 2],
        "text.xlsx": b"this is not a workbook",
        "locked.xlsx": locked(),
        "damaged.parquet": parquet(ROWS)[:-20],
        "damaged.json": b'[{"Department code": "A", "Assessment ty',
        "damaged.ndjson": json.dumps(objects(ROWS)[0]).encode() + b'\n{"Department co',
        "unknown.csv": b"Name,Colour\nAnn,red\n",
        "no-band.csv": b"Department code,Assessment type,Assessed on,Element\nA,annual_review,2025-03-07,1.1.1\n",
        "quote.csv": ",".join(RESULT).encode()
        + b'\nA,annual_review,2025-03-07,1.1.2,"C\nB,annual_review,2025-03-07,1.1.2,C\n',
        "empty.csv": b"",
        "nul.csv": ",".join(RESULT).encode() + b"\nA\0,annual_review,2025-03-07,1.1.2,C\n",
        "far-corner.xlsx": bomb.getvalue(),
        "program.exe": b"MZ\x90\0" + bytes(range(256)),
        "twice.json": json.dumps(objects(ROWS)).replace('"Band": "C', '"Band": "N", "Band": "C').encode(),
    }
    for name, body in refused.items():
        warehouse.write(f"in/{name}", body)
    warehouse.write("in/zz-good.xlsx", good)
    loaded = warehouse.load("in", code=3)
    assert loaded.file("zz-good.xlsx")["loaded"] == 1
    for name in refused:
        if name == "nul.csv":  # refused, or its one row set aside
            assert loaded.file(name)["loaded"] == 0
            continue
        record = loaded.file(name)
        assert (record["outcome"], record["loaded"]) == ("refused", 0), record
        assert record["reason"], record
        assert name in loaded.said.err
    assert "and" in loaded.file("no-band.csv")["reason"].lower()  # the column that is missing: band
    assert "password" in loaded.file("locked.xlsx")["reason"].lower()
    assert [row["department_code"] for row in warehouse.measure("history")] == ["A"]


def test_a_file_may_have_a_name_that_is_no_text(warehouse):
    for name in (b"caf\xe9.csv", b"two\nlines.csv"):
        path = os.path.join(os.fsencode(warehouse.folder), name)  # noqa: PTH118 (a Path is text)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(csv_text(RESULT, [(name[:3].decode(), "initial", "2025-03-07", "1.1.1", "C")]).encode())
    loaded = warehouse.load(".")
    assert sorted(record["file"] for record in loaded.files) == ["caf\\xe9.csv", "two\\nlines.csv"]
    assert {record["loaded"] for record in loaded.files} == {1}
    assert {record["unchanged"] for record in warehouse.load(".").files} == {1}


def test_no_cell_of_a_long_or_short_row_vanishes(warehouse):
    warehouse.write(
        "rows.csv",
        ",".join(RESULT) + "\n"
        "A,annual_review,2025-03-07,1.1.1,C,and more\n"  # a cell too many
        "B,annual_review,2025-03-07\n"  # cut short
        "C,annual_review,2025-03-07,1.1.1,C\n"
        "D,annual_review,2025-03-07,1.1.1,C,,\n",  # empty cells too many
    )
    loads, rejected = warehouse.check("rows.csv", code=3)
    assert (loads[0]["read"], loads[0]["loaded"]) == (4, 2)
    assert [row["row"] for row in rejected] == [2, 3]


def test_valid_until_is_the_last_day_of_validity(warehouse):
    heading = "Certificate code,Department code,Awarded on,VALID_UNTIL"
    warehouse.csv("c.csv", heading, "C,,2024-04-01,2027-03-31", "FOR-EVER,A,2024-04-01,31/12/9999")
    warehouse.load("c.csv")
    visits, coverage = (warehouse.measure(name, "--as-of", "2027-03-31") for name in ("visits", "coverage"))
    assert [(row["certificate_code"], row["days_to_expiry"] < 2) for row in visits] == [
        ("C", True),
        ("FOR-EVER", False),
    ]
    assert visits[0]["days_to_expiry"] == 1
    assert len(coverage) == 2 * 57


TABLES = {
    "departments": "department_code,department_name,parent_code,active_from,active_to,contact|A,Alpha,,,,a@b.uk",
    "sites": "site_code,site_name,department_code,in_scope_from,in_scope_to,must_visit,central_function,address,"
    "latitude,longitude|S,Site,A,2024-01-01,,yes,no,1 High St,52.5,-1.9",
    "certificates": "certificate_code,department_code,awarded_on,expires_on,ended_on,sites_required,"
    "certification_body,profile|C,A,2024-01-01,2027-01-01,,3,Body,",
    "assessments": "assessment_code,department_code,assessment_type,started_on,ended_on,assessor,planned,scope,"
    "submitted_on,feedback_on,recommendation,verified_on,decision|"
    "R,A,annual_review,2025-03-06,2025-03-07,Pat,,1.1.1;5.3.3,2025-02-01,,Retain,,",
    "visits": "site_code,visited_on,mode,assessment_code,planned|S,2025-03-07,,R,",
    "results": "department_code,site_code,assessment_type,assessed_on,element,band,restated,reason,assessment_code,"
    "assessor,comment|A,S,annual_review,2025-03-07,1.1.1,P,,not everywhere,R,Pat,good",
    "actions": "action_code,department_code,element,action,owner,due_on,status,origin,assessment_code,recheck_on,"
    "closed_on,comment|,A,1.1.1,Ask,Jo,2025-12-01,open,partial,R,,,soon",
    "evidence": "department_code,element,evidence_code,evidence,kind,site_code,shown_by,link,owner,expires_on,note|"
    "A,1.1.1,ES 12,Survey,observed,S,Jo,https://example.org,Jo,2026-12-01,x",
    "customer_groups": "department_code,group,basis,hard_to_reach,disadvantaged,source,reviewed_on,elements|"
    "A,Carers,who they are,y,n,Census,2025-01-01,1.1.1;1.1.3",
    "service_standards": "department_code,promise,channel,unit,direction,target,period,achieved,benchmark,elements,"
    "published_link|A,Answer letters,post,days,lower,10,2024-25,8.5,9,5.1.1,https://example.org",
}


def test_every_canonical_table_is_found_by_its_headings(either):
    for n, text in enumerate(reversed(TABLES.values())):
        either.write(f"in/{n}.csv", text.replace("|", "\n") + "\n")
    first, second = either.load("in"), either.load("in")
    assert {record["table"] for record in first.files} == set(TABLES)
    assert [r["table"] for r in first.files if r["loaded"] != 1] == []
    assert [r["table"] for r in second.files if r["unchanged"] != 1] == []
    assert "please confirm" not in first.said.err


LEAST = {
    "departments": "Department code,Department name|A,Alpha",
    "sites": "Site code,Site name,Department code|S,Site,A;B",
    "certificates": "Certificate code,Awarded on,Expires on|C,2024-01-01,2027-01-01",
    "assessments": "Assessment code,Assessment type,Started on,Ended on|R,renewal,2025-03-06,2025-03-07",
    "visits": "Site code,Visited on|S,2025-03-07",
    "results": "Assessment type,Assessed on,Element,Band|renewal,2025-03-07,1.1.1,C",
    "actions": "Department code,Element,Action,Owner,Due on|A,1.1.1,Ask,Jo,2025-12-01",
    "evidence": "Department code,Element,Evidence code,Evidence|A,1.1.1,ES 12,Survey",
    "customer_groups": "Department code,Group|A,Carers",
    "service_standards": "Department code,Promise,Period,Achieved|A,Answer letters,2024-25,8.5",
}


def test_a_table_is_found_without_its_optional_columns(warehouse):
    for name, text in LEAST.items():
        warehouse.write(f"in/{name[:3]}.csv", text.replace("|", "\n"))
    loads, rejected = warehouse.check("in")
    assert rejected == []
    for name in LEAST:
        record = only(loads, f"{name[:3]}.csv")
        assert (record["table"], record["read"], record["loaded"]) == (name, 1, 1)


def test_check_needs_no_warehouse(tmp_path, warehouse):
    alone = type(warehouse)(tmp_path)
    alone.csv("results.csv", RESULT, "A,annual_review,2025-03-07,1.1.1,C", "A,annual_review,2025-03-07,1.1.10,C")
    with_none, rejected = alone.check("results.csv", code=3)
    assert (with_none[0]["loaded"], with_none[0]["set_aside"]) == (1, 1)
    assert rejected[0]["cells"]["Element"] == "1.1.10"
    assert not (tmp_path / "assay.db").exists()
