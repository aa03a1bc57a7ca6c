"""Small programmes as the dashboard's pages get them: the tree of departments and assessments of everything."""

import polars as pl

from scheme.frames import Programme
from scheme.standard import code_order, shipped
from tests.by_hand import Row, result

CSE = shipped("cse")


def assessed(code: str | None, day: str = "2025-03-07", kind: str = "annual_review", **bands: str) -> list[Row]:
    """An assessment of everything: compliant, but for the elements named (`e1_1_1="partial"`)."""
    named = {element.removeprefix("e").replace("_", "."): band for element, band in bands.items()}
    return [result(element, named.get(element, "compliant"), day, of=code, kind=kind) for element in CSE.codes]


def tree(known: Programme, whole: bool = True) -> pl.DataFrame:
    """What dashboard.data.tree gives of the departments, called "Department X"; `whole`: with the corporate body."""
    parents = dict(known.departments.select("department_code", "parent_code").iter_rows())

    def above(code: str) -> list[str]:
        return [*above(parents[code]), parents[code]] if parents[code] else []

    codes = sorted(parents, key=lambda code: [code_order(each) for each in (*above(code), code)])
    rows = [
        {
            "department_code": code,
            "name": f"Department {code}",
            "parent_code": parents[code],
            "depth": len(above(code)) + whole,
            "path": " › ".join(f"Department {each}" for each in above(code)),
            "is_named": True,
            "has_below": code in parents.values(),
        }
        for code in codes
    ]
    first = dict.fromkeys(("department_code", "parent_code")) | {"name": "The council", "depth": 0, "path": ""}
    kinds = {"department_code": pl.String, "parent_code": pl.String, "depth": pl.UInt32}
    all_rows = [first | {"is_named": True, "has_below": bool(codes)}, *rows] if whole else rows
    return pl.DataFrame(all_rows, schema_overrides=kinds)
