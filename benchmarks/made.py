"""Programmes of any size for benchmarks: fictional, the same for the same numbers, and as canonical staged frames."""

from datetime import date, timedelta

import polars as pl

from db.loading import FileReport, Load
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from db.writes import publish
from scheme.standard import shipped
from scheme.tables import TABLES

FIRST_YEAR, YEARS = 2017, 9
_BANDS = ("compliance_plus", "compliant", "compliant", "compliant", "compliant", "compliant", "compliant", "partial")


def department_codes(departments: int) -> list[str]:
    """The codes of so many departments."""
    return [f"D{number:05d}" for number in range(departments)]


def registers(departments: int, sites_each: int = 2) -> dict[str, pl.DataFrame]:
    """The departments, in directorates of twenty, with their sites, and one certificate of the whole organisation."""
    codes = department_codes(departments)
    parents = [None if number % 20 == 0 else codes[number - number % 20] for number in range(departments)]
    sites = [(f"S{code[1:]}{letter}", code) for code in codes for letter in "ABCDEFGH"[:sites_each]]
    return {
        "departments": pl.DataFrame(
            {
                "department_code": codes,
                "department_name": [f"Department {code[1:]}" for code in codes],
                "parent_code": pl.Series(parents, dtype=pl.String),
            }
        ),
        "sites": pl.DataFrame(
            {
                "site_code": [site for site, _ in sites],
                "site_name": [f"Office {site[1:]}" for site, _ in sites],
                "department_code": [[code] for _, code in sites],
            }
        ),
        "certificates": pl.DataFrame(
            {
                "certificate_code": ["C1"],
                "awarded_on": [date(2024, 6, 1)],
                "expires_on": [date(2027, 6, 1)],
                "sites_required": [max(1, departments // 3)],
            }
        ),
    }


def year_of_reviews(departments: int, year: int) -> dict[str, pl.DataFrame]:
    """What the annual reviews of one year found: an assessment, 57 results and a visit for each department."""
    codes = pl.DataFrame({"department_code": department_codes(departments)}).with_row_index("number")
    number = pl.col("number").cast(pl.Int64)
    day = pl.lit(date(year, 2, 1)) + pl.duration(days=number * 7 % 300)
    held = codes.with_columns(day.cast(pl.Date).alias("day"))
    elements = pl.DataFrame({"element": list(shipped("cse").codes)}).with_row_index("place")
    mixed = (number * 31 + pl.col("place").cast(pl.Int64) * 17 + year * 7) * 2654435761 % 4294967296 // 65536
    results = held.join(elements, how="cross").select(
        "department_code",
        pl.lit("annual_review").alias("assessment_type"),
        pl.col("day").alias("assessed_on"),
        "element",
        (mixed % len(_BANDS)).replace_strict(range(len(_BANDS)), _BANDS, return_dtype=pl.String).alias("band"),
    )
    called = pl.format("R{}-{}", pl.lit(year), "department_code")
    return {
        "assessments": held.select(
            called.alias("assessment_code"),
            "department_code",
            pl.lit("annual_review").alias("assessment_type"),
            (pl.col("day") - timedelta(days=1)).alias("started_on"),
            pl.col("day").alias("ended_on"),
        ),
        "visits": held.select(
            pl.format("S{}A", pl.col("department_code").str.slice(1)).alias("site_code"),
            pl.col("day").alias("visited_on"),
            called.alias("assessment_code"),
        ),
        "results": results,
    }


def load_of(tables: dict[str, pl.DataFrame], file: str) -> Load:
    """Staged frames as one load of one file."""
    files, staged = [], {}
    for number, name in enumerate((name for name in TABLES if name in tables), 1):
        frame = tables[name]
        files.append(FileReport(file, None, "0" * 64, name, read=frame.height))
        place = [pl.lit(number, pl.Int64).alias("file_number"), pl.int_range(2, pl.len() + 2).alias("row_number")]
        staged[name] = frame.with_columns(place)
    return Load("benchmarks", None, files, staged)


def tenant(code: str, departments: int, years: int = YEARS) -> Scope:
    """A new tenant with so many departments and years of reviews, published a load a year; its scope."""
    add_tenant(code, f"Benchmark {code} (fictional)")
    scope = scope_of(code)
    loads = [load_of(registers(departments), "registers.csv")]
    loads += [
        load_of(year_of_reviews(departments, year), f"{year}.csv")
        for year in range(FIRST_YEAR + YEARS - years, FIRST_YEAR + YEARS)
    ]
    for each in loads:
        with open_session(scope, write=True) as session:
            publish(session, each)
    return scope
