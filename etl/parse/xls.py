"""What Excel 97 files (XLS) know beyond their cells' values: errors, the date system, passwords and macros."""

import struct
from collections.abc import Iterator

from scheme.errors import FileRefused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # numbers from here on are no sectors
_BOF, _EOF, _SHEET, _ERROR, _FORMULA, _DATE_MODE, _FILE_PASS = 0x809, 0x0A, 0x85, 0x205, 0x06, 0x22, 0x2F
_ROW = 0x208
_WORDS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


def entries(data: bytes) -> dict[str, bytes]:
    """The streams of a compound file by name (of equal names the first); FileRefused where it is damaged."""
    try:
        return dict(reversed(list(_entries(data))))
    except (struct.error, IndexError, ValueError) as error:
        raise FileRefused(f"the file is damaged or cut off ({error}); open it in Excel and save it as XLSX") from error


def _entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    fats, first = struct.unpack_from("<II", data, 44)
    mini_cutoff, mini_first, _, more, _ = struct.unpack_from("<5I", data, 56)
    size = 1 << shift
    if not 7 <= shift <= 16 or not 4 <= mini_shift <= shift or fats > len(data) // size + 1:
        raise ValueError("its first page makes no sense")

    def sector(number: int) -> bytes:
        start = (number + 1) << shift
        return data[start : start + size].ljust(size, b"\0")

    places = list(struct.unpack_from("<109I", data, 76))
    while more < _END and len(places) < fats:
        *found, more = struct.unpack(f"<{size // 4}I", sector(more))
        places += found
    table = b"".join(sector(number) for number in places[:fats] if number < _END)
    chain = struct.unpack(f"<{len(table) // 4}I", table)

    def stream(start: int, follow: tuple[int, ...] = chain) -> list[int]:
        numbers: list[int] = []
        while start < _END:
            numbers.append(start)
            if len(numbers) > len(follow):
                raise ValueError("its parts run in a circle")
            start = follow[start]
        return numbers

    folder = b"".join(map(sector, stream(first)))
    rows = [folder[i : i + 128] for i in range(0, len(folder), 128)]
    small = b"".join(map(sector, stream(struct.unpack_from("<I", rows[0], 116)[0])))
    mini_table = b"".join(map(sector, stream(mini_first)))
    mini_chain = struct.unpack(f"<{len(mini_table) // 4}I", mini_table)
    for row in rows:
        (length,) = struct.unpack_from("<H", row, 64)
        start, total = struct.unpack_from("<II", row, 116)
        name = row[: max(length - 2, 0)].decode("utf-16-le", "replace")
        if row[66] == 1:
            yield name, b""
        elif row[66] == 2 and total < mini_cutoff:
            step = 1 << mini_shift
            parts = (small[n * step : (n + 1) * step] for n in stream(start, mini_chain))
            yield name, b"".join(parts)[:total]
        elif row[66] == 2:
            yield name, b"".join(map(sector, stream(start)))[:total]


def facts(workbook: bytes) -> tuple[bool, list[dict[tuple[int, int], str]], list[set[int]]]:
    """Whether days count from 1904; by sheet the cells (row, column; from 0) that show an error, and hidden rows."""
    since_1904, starts = False, []
    for kind, body in _records(workbook, 0):
        if kind == _FILE_PASS:
            raise FileRefused("the file is protected by a password; save it without one and send it again")
        if kind == _DATE_MODE:
            since_1904 = body[:1] == b"\x01"
        if kind == _SHEET:
            starts.append(struct.unpack_from("<I", body)[0])
    hidden = [
        {number for kind, body in _records(workbook, start) for number in _hidden(kind, body)} for start in starts
    ]
    return since_1904, [dict(_errors(workbook, start)) for start in starts], hidden


def _hidden(kind: int, body: bytes) -> Iterator[int]:
    if kind == _ROW and len(body) >= 14 and body[12] & 0x20:
        yield int(struct.unpack_from("<H", body)[0]) + 1


def _records(workbook: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one part, without those of charts inside it."""
    depth = 0
    while at + 4 <= len(workbook):
        kind, length = struct.unpack_from("<HH", workbook, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 0:
            return
        if depth == 1:
            yield kind, workbook[at + 4 : at + 4 + length]
        at += 4 + length


def _errors(workbook: bytes, start: int) -> Iterator[tuple[tuple[int, int], str]]:
    for kind, body in _records(workbook, start):
        code = None
        if kind == _ERROR and len(body) >= 8 and body[7] == 1:
            code = body[6]
        elif kind == _FORMULA and len(body) >= 14 and body[6] == 2 and body[12:14] == b"\xff\xff":
            code = body[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", body)
            yield (row, column), _WORDS.get(code, "an error")
