"""Bytes become cells in a process that may die: every kind of file, encoding and damage (F1, F2, F5, F6, F9, F12)."""

import io
import os
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from etl.cells import shown
from etl.layouts.choose import staged
from etl.layouts.staged import Source
from etl.read import Reader
from scheme.errors import FileRefused
from scheme.standard import shipped
from scheme.words import Words
from tests.etl.made import DAY, HEADINGS, PUBLISHED, ROWS, csv, frame, ods, reasons, said, write, xls, xlsx

CODES = ("1.1", "1.10", "1.1.10", "007", "1E5", "3-4", "TRUE", "2025-01")


@pytest.fixture(scope="module")
def reader():
    with Reader() as reader:
        yield reader


def rows(book, sheet=0):
    """The cells of a sheet as texts, without the marks of numbers and days."""
    cells = book.sheets[sheet].cells
    return [[shown(cell) for cell in row] for row in cells.drop("row", "width").iter_rows()]


def why(reader, data):
    with pytest.raises(FileRefused) as refused:
        reader.read_cells(data)
    return str(refused.value)


LINES = (HEADINGS, *ROWS)
KINDS = {
    "csv": csv(*LINES).encode(),
    "semicolon": csv(*LINES, separator=";").encode(),
    "tab": csv(*LINES, separator="\t").encode(),
    "pipe": csv(*LINES, separator="|").encode(),
    "xlsx": xlsx(("Results", LINES)),
    "xls": xls(LINES),
    "ods": ods(LINES),
    "json": frame().write_json().encode(),
    "ndjson": frame().write_ndjson().encode(),
    "parquet": (lambda buffer: (frame().write_parquet(buffer), buffer.getvalue())[1])(io.BytesIO()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_loads_the_same_rows_whatever_its_name(tmp_path, kind):
    report = said(write(tmp_path, a_txt=KINDS[kind]))
    assert (report.files[0].table, report.files[0].read, report.files[0].loaded) == ("results", 3, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_same_table_in_every_encoding_gives_the_same_cells(reader, encoding):
    table = csv(*LINES).replace("sŵn", "plain") if encoding == "cp1252" else csv(*LINES)
    expected = rows(reader.read_cells(table.encode()))
    book = reader.read_cells(table.encode(encoding))
    assert rows(book) == expected
    assert expected[1][5] == "£ and “quotes”"
    assert bool(book.notes) == (encoding == "cp1252")  # never guessed silently


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_line_ends_of_every_kind_count_the_same_rows(reader, end):
    book = reader.read_cells(f"a,b{end}{end}1,2{end}".encode())
    assert book.sheets[0].cells["row"].to_list() == [1, 3]


def test_codes_stay_text_in_every_kind_of_file(reader):
    lines = [("code", "n"), *((code, "x") for code in CODES)]
    table = frame(*[lines[0], lines[1:]])
    parquet = io.BytesIO()
    table.write_parquet(parquet)
    for data in (
        csv(*lines).encode(),
        xlsx(("S", lines)),
        xls(lines),
        ods(lines),
        table.write_json().encode(),
        table.write_ndjson().encode(),
        parquet.getvalue(),
    ):
        assert [row[0] for row in rows(reader.read_cells(data))] == ["code", *CODES]


def test_numbers_of_json_keep_their_digits(reader):
    book = reader.read_cells(b'[{"code": 1.10, "n": 9007199254740993, "x": 1e5}]')
    assert rows(book)[1] == ["1.10", "9007199254740993", "1e5"]


def test_a_key_that_is_there_twice_refuses_the_json(reader):
    assert "twice" in why(reader, b'[{"a": 1, "b": 2, "a": 3}]')


def test_an_object_of_lists_has_a_sheet_for_each(reader):
    book = reader.read_cells(b'{"sites": [{"a": 1}], "visits": [{"b": 2}]}')
    assert [sheet.name for sheet in book.sheets] == ["sites", "visits"]


def test_days_errors_and_formulas_of_a_workbook_are_told_apart(reader):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("S")
        days = book.add_format({"num_format": "d mmm yyyy"})
        sheet.write_datetime("B3", datetime(2025, 3, 7), days)
        sheet.write_formula("C3", "=1/0", None, "#DIV/0!")
        sheet.write_string("D3", "C")
        sheet.write_formula("E3", "=1+1", None, 2)
        sheet.write_number("F3", 1.1)
    cells = reader.read_cells(buffer.getvalue()).sheets[0].cells
    assert cells.row(0)[2:] == ("", "\x00d2025-03-07", "\x00e#DIV/0!", "C", "\x00n2", "\x00n1.1")
    assert cells["row"].to_list() == [3]


def test_a_formula_that_was_never_calculated_is_not_an_empty_cell(reader):
    book = openpyxl.Workbook()
    book.active.append(["x", "=A1&A1"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert reader.read_cells(buffer.getvalue()).sheets[0].cells.row(0)[2:] == ("x", "\x00e=A1&A1")


def test_errors_and_merged_cells_of_an_ods_are_seen(reader):
    cells = reader.read_cells(ods([("a", "b"), (1, "#DIV/0!"), (None, "x")], merged=[(2, 0)])).sheets[0].cells
    assert [row[2:] for row in cells.rows()] == [("a", "b"), ("\x00n1", "\x00e#DIV/0!"), ("\x00g", "x")]


def test_serials_know_the_date_system_of_their_workbook(reader):
    for epoch, mark in ((openpyxl.utils.datetime.WINDOWS_EPOCH, "n"), (openpyxl.utils.datetime.MAC_EPOCH, "m")):
        book = openpyxl.Workbook()
        book.epoch = epoch
        book.active.append([44261, date(2025, 3, 7)])
        buffer = io.BytesIO()
        book.save(buffer)
        assert reader.read_cells(buffer.getvalue()).sheets[0].cells.row(0)[2:] == (
            f"\x00{mark}44261",
            "\x00d2025-03-07",
        )


def far_corner():
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "Department code", "x"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_stray_cell_at_the_far_corner_is_refused_and_the_next_file_loads(reader):
    me = os.getpid()
    assert "stray cell" in why(reader, far_corner())
    assert os.getpid() == me
    assert rows(reader.read_cells(b"a,b\n1,2\n")) == [["a", "b"], ["1", "2"]]


def swollen(size):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(KINDS["xlsx"])) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, body + b" " * size if name.endswith("sheet1.xml") else body)
    return buffer.getvalue()


def test_a_part_that_unpacks_to_a_hundred_times_its_size_is_refused_unread(reader):
    assert "times its size" in why(reader, swollen(80 * 2**20))


def test_an_archive_of_many_thousand_parts_is_refused_unread(reader):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n in range(6_000):
            archive.writestr(f"xl/{n}", b"")
    assert "6,000 parts" in why(reader, buffer.getvalue())


def test_xml_entities_are_refused(reader):
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(KINDS["xlsx"])) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, laughs + body if name == "xl/workbook.xml" else body)
    assert "entities" in why(reader, buffer.getvalue())


def test_a_file_that_takes_too_long_is_refused_and_the_next_one_loads():
    with Reader(seconds=0.001) as hasty:
        assert "longer" in why(hasty, csv(HEADINGS, *ROWS * 20_000).encode())
        hasty._seconds = 60
        assert rows(hasty.read_cells(b"a,b\n1,2\n"))[1] == ["1", "2"]


def test_the_child_inherits_no_secrets_and_may_write_no_file(monkeypatch, reader):
    monkeypatch.setenv("ASSAY_SECRET_CANARY", "planted")
    with Reader() as fresh:
        fresh.read_cells(b"a,b\n1,2\n")
        child = Path(f"/proc/{fresh._child.pid}")
        assert b"planted" not in (child / "environ").read_bytes()
        told = {line[:25].strip(): line[26:].split() for line in (child / "limits").read_text().splitlines()}
    assert told["Max file size"][0] == "0"
    assert int(told["Max address space"][0]) <= 4 * 2**30


REFUSED = {
    "empty": (b"", "empty"),
    "cut.xlsx": (KINDS["xlsx"][:1500], "cut off"),
    "cut.xls": (KINDS["xls"][:1024], "damaged"),
    "cut.ods": (KINDS["ods"][:900], "cut off"),
    "cut.parquet": (KINDS["parquet"][:-9], "cut off"),
    "cut.json": (KINDS["json"][:-20], "cut off"),
    "cut.ndjson": (KINDS["ndjson"][:-20], "cut off"),
    "cut.utf8": ("a,b\n1,sŵ".encode()[:-1], "cut off"),
    "pdf": (b"%PDF-1.7 ...", "PDF"),
    "page.xls": (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
    "program.exe": (b"MZ\x90\x00\x03" + bytes(range(256)) * 8, "form known"),
    "nul.csv": (b"a,b\n1,\x002\n" + b"x" * 50, "form known"),
    "c1.csv": ("a,b\n1,\x852\n".encode(), "U+0085"),
    "lost.csv": ("a,b\n1,\ufffd\n".encode(), "U+FFFD"),
    "mixed.csv": ("a,b\n1,£".encode() + "£\n".encode("cp1252"), "mixes"),
    "quote.csv": (b'a,b\n1,"2\n3,4\n', "never closed"),
    "half-quote.csv": (b'a,b\n1,"2"3,4\n', "quote"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_cause(reader, name):
    data, cause = REFUSED[name]
    assert cause in why(reader, data)


def with_parts(**parts):
    buffer = io.BytesIO(KINDS["xlsx"])
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, body in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), body)
    return buffer.getvalue()


def test_macros_and_binary_workbooks_are_refused_with_what_to_do(reader):
    assert "macros" in why(reader, with_parts(xl__vbaProject_bin=b"x"))
    assert "XLSB" in why(reader, with_parts(xl__workbook_bin=b"x"))


def test_links_to_other_workbooks_are_told(reader):
    assert "links" in reader.read_cells(with_parts(xl__externalLinks__link1_xml=b"<x/>")).notes[0]


def test_a_workbook_behind_a_password_is_refused(reader):
    container = xls([HEADINGS])
    old, new = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    at = container.index(old + b"\0\0")
    entry = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    assert "password" in why(reader, container[:at] + entry + container[at + 66 :])


def test_a_record_with_fewer_or_more_cells_than_the_headings_is_set_aside(tmp_path):
    lines = (
        "HR,annual_review,2025-03-07",
        "HR,annual_review,2025-03-07,1.1.2,C,x,y",
        "HR,annual_review,2025-03-07,1.1.3,C,x,,",
    )
    report = said(write(tmp_path, a_csv=csv(HEADINGS, *lines)))
    assert {row.row: row.why[:21] for row in report.rejected} == {
        2: "the row has 3 cells a",
        3: "the row has 7 cells a",
    }
    assert report.rejected[1].cells["column 7"] == "y"
    assert report.files[0].loaded == 1


def test_the_published_files_stage_57_results_each(reader):
    words = Words(shipped("cse"))
    for name in ("wychavon", "salford-library", "northampton"):
        (sheet,), _ = staged(reader.read_cells((PUBLISHED / f"{name}.csv").read_bytes()), Source(), words)
        assert (sheet.table, sheet.rows.height) == ("results", 57)
        assert sheet.notes == ["left out: Basis, Source"]


def test_a_file_is_refused_and_the_others_of_its_folder_go_on(tmp_path):
    report = said(write(tmp_path, a_xlsx=far_corner(), b_csv=csv(*LINES), c_pdf=b"%PDF-1.7"))
    assert set(reasons(report)) == {"a.xlsx", "c.pdf"}
    assert sum(file.loaded for file in report.files) == 3
    assert date.today() > DAY
