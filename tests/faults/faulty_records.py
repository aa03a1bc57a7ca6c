"""JSON files with a fault, and files of any kind with nothing in them."""

import json
from collections.abc import Iterator

from tests.etl.made import csv
from tests.faults.fault import HEADINGS, Fault, one, records


def json_and_empty() -> Iterator[Fault]:
    yield Fault(
        "key-twice.json",
        "an object with a key twice",
        records().replace('"Band"', '"Band":"Partial","Band"', 1).encode(),
        refused=("'Band' twice", "keep one"),
    )
    large = json.dumps([{**one(), "Department code": 2**53 + 1}, {**one(), "Element": 1.1}])
    yield Fault(
        "numbers.json",
        "codes as numbers: beyond 2^53, and without their last zero",
        large.encode(),
        aside={
            1: ("department_code", "9007199254740993", "send the code as text"),
            2: ("element", "1.1 or 1.10", "in quotes"),
        },
    )
    yield Fault(
        "nested.json",
        "JSON nested a hundred thousand times",
        b'[{"a":' * 100_000 + b"1" + b"}]" * 100_000,
        refused=("nested too deeply", "flat objects"),
    )
    yield Fault(
        "not-a-number.json",
        "JSON with NaN",
        json.dumps([{**one(), "Band": float("nan")}]).encode(),
        refused=("NaN", "leave the value out"),
    )
    yield Fault("no-records.json", "JSON with no records", b"[]", noted=("no rows",))
    yield Fault("headings-only.csv", "headings and nothing below", csv(HEADINGS).encode(), noted=("nothing below",))
    yield Fault("empty.csv", "a file without a byte", b"", refused=("empty", "send it again"))
    yield Fault(
        "zeros.csv", "a file of zeros, as a full disk leaves it", bytes(70_000), refused=("empty", "send it again")
    )
