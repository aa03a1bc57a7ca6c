"""Zip archives (XLSX, ODS): looked over before anything in them is read (F1, F10)."""

import io
import zipfile
from typing import Any
from xml.parsers import expat

from scheme.errors import FileRefused

ENTRIES = 5_000
UNPACKED_BYTES = 2**30
_RATIO, _RATIO_FROM = 100, 64 * 2**20  # a part that unpacks to more than this may not be 100 times its packed size


def opened(data: bytes) -> zipfile.ZipFile:
    """The archive; FileRefused where it is damaged, or would unpack to more than a spreadsheet holds."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise FileRefused(f"the file is damaged or cut off ({error}); send it again") from error
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES or unpacked > UNPACKED_BYTES:
        raise FileRefused(
            f"the file unpacks to {len(entries):,} parts of {unpacked // 2**20:,} MB together, more than is read; "
            "split it, or send CSV"
        )
    for entry in entries:
        if entry.file_size > _RATIO_FROM and entry.file_size > _RATIO * max(entry.compress_size, 1):
            raise FileRefused(
                f"its part {entry.filename} unpacks to {entry.file_size // 2**20:,} MB, over {_RATIO} times its size, "
                "as no table does; delete empty rows and columns beyond the table and save it again"
            )
        if entry.flag_bits & 1:
            raise FileRefused("the archive is protected by a password; save the file without one and send it again")
    return archive


def refuse_doctype(parser: expat.XMLParserType) -> None:
    """Make a parser refuse declarations of entities, which no spreadsheet program writes."""

    def refuse(*_: Any) -> None:
        raise FileRefused("the file declares XML entities, which no spreadsheet program does; save it again from one")

    parser.StartDoctypeDeclHandler = refuse
