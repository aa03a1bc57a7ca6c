"""Bytes of a file -> its cells; runs in the child process of etl.read alone. Content proves what a file is (F9)."""

import re

from etl.cells import Book
from scheme.errors import FileRefused

_OTHERS = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"{\\rtf", "a text document"),
    (b"SQLite format 3", "a database"),
    (b"PARE", "an encrypted Parquet file"),
)
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
_SEND = "send the table as CSV, XLSX, XLS, ODS, Parquet or JSON, or the assessor's report as DOCX or PDF"


def parsed(data: bytes) -> Book:
    """The cells of a file, all of them text; FileRefused says what is wrong with it and what to do."""
    # Each reader is imported only when it is needed, and Polars only by those that make frames: the child of a small
    # file starts faster without.
    if not data.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise FileRefused("the file is empty; send it again")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        from etl.parse import workbooks

        return workbooks.xls_book(data)
    if data.startswith(b"PAR1"):
        from etl.parse import records

        return records.parquet_book(data)
    if data.startswith(b"%PDF"):
        from etl.parse import pdf

        return pdf.book(data)
    for magic, what in _OTHERS:
        if data.startswith(magic):
            raise FileRefused(f"this is {what}; {_SEND}")
    if data.startswith(_OLD_EXCEL):
        raise FileRefused("this is a workbook of Excel 4 or earlier; open it in Excel and save it as .xlsx")
    start = data[:2048].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\r\n\t ")
    if re.match(rb"<(\?xml|!doctype|html|table|meta|head|body)", start, re.I):
        raise FileRefused("this is a web page or XML, whatever its name says; open it in Excel and save it as .xlsx")
    if re.match(rb"""\[\s*[{\]]|\{\s*["}]""", start):
        from etl.parse import records

        return records.json_book(data)
    from etl.parse import separated

    return separated.book(data)


def _zipped(data: bytes) -> Book:
    from etl.parse import ods, workbooks, zips

    with zips.opened(data) as archive:
        names = archive.namelist()
        if any(name.startswith("xl/") for name in names):
            return workbooks.xlsx_book(data, archive)
        if any(name.startswith("word/") for name in names):
            from etl.parse import docx

            return docx.book(data, archive)
        if any(name.startswith("ppt/") for name in names):
            raise FileRefused(f"these are slides; {_SEND}")
        if "mimetype" in names and archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument."):
            if not archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
                raise FileRefused(f"this is an OpenDocument file, but no spreadsheet; {_SEND}")
            if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise FileRefused("the file is protected by a password; save it without one and send it again")
            if any(name.startswith(("Basic/", "Scripts/")) and not name.endswith("/") for name in names):
                raise FileRefused("the spreadsheet holds macros; save it without them and send it again")
            return ods.book(archive)
    raise FileRefused("this is a zip archive; unpack it and send the files in it")
