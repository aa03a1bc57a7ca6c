"""Files that are something else than their name says, and names that are no names."""

from collections.abc import Iterator

from tests.etl.made import csv
from tests.faults.fault import HEADINGS, Fault, cell, rows, table


def disguised() -> Iterator[Fault]:
    page = b"<html><table><tr><td>Element</td></tr></table></html>"
    yield Fault("page.xls", "a web page under the name of a workbook", page, refused=("web page", "save it as .xlsx"))
    yield Fault(
        "picture.csv",
        "a picture under the name of a CSV",
        b"\x89PNG\r\n\x1a\n" + bytes(90),
        refused=("picture", "send the table"),
    )
    yield Fault(
        "packed.csv",
        "a packed file under the name of a CSV",
        b"\x1f\x8b\x08" + bytes(90),
        refused=("compressed", "send the table"),
    )
    yield Fault(
        "program.csv",
        "a program under the name of a CSV",
        b"MZ\x90\0\x03" + bytes(range(256)) * 8,
        refused=("form known", "send CSV"),
    )
    yield Fault(
        "prose.csv",
        "prose, and no table",
        b"Dear all,\nplease find below nothing\n",
        refused=("no sheet has the headings", "map yours"),
    )
    yield Fault(
        "no-band.csv",
        "a table without a column that it needs",
        csv(HEADINGS[:4], *(row[:4] for row in rows())).encode(),
        refused=("without band", "add what is missing"),
    )
    # A name is shown, and never a path to anything.
    for name, what in (
        ("%2F..%2Fetc%2Fpasswd.csv", "a name that is a path in another spelling"),
        ("x\\..\\..\\y.csv", "a name that is a path elsewhere"),
        ("CON.csv", "a name that is a device elsewhere"),
        ("a\u202evsc.csv", "a name that reads backwards"),
        ("'; DROP TABLE files; --.csv", "a name that is a statement"),
        ("two\nlines.csv", "a name of two lines"),
        ("x" * 200 + ".csv", "a name of 204 letters"),
    ):
        yield Fault(
            name,
            what,
            table(cell(element="9.9.9")).encode(),
            aside={4: ("element", "'9.9.9'", "write a code")},
            loads=2,
        )
