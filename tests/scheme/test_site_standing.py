"""The latest result of each site, for each department it belongs to (measures.md section 2, roll-up)."""

from scheme.standing import site_standing
from tests.by_hand import department, on, programme, result, site


def found(*rows, day="2025-01-01"):
    return site_standing(programme(*rows), on(day)).select("department_code", "site_code", "band").rows()


def test_a_site_result_naming_no_department_counts_for_each_department_of_its_site():
    rows = [department("A"), department("B"), site("S", "A", "B"), result("1.1.1", "partial", "2024-05-01", site="S")]
    assert found(*rows) == [("A", "S", "partial"), ("B", "S", "partial")]


def test_on_one_day_the_result_that_names_the_department_wins():
    rows = [department("A"), department("B"), site("S", "A", "B")]
    rows += [result("1.1.1", "compliant", "2024-05-01", of="A", site="S")]
    rows += [result("1.1.1", "partial", "2024-05-01", site="S")]
    assert found(*rows) == [("A", "S", "compliant"), ("B", "S", "partial")]


def test_a_site_without_departments_is_the_corporate_bodys():
    assert found(site("S"), result("1.1.1", "compliant", "2024-05-01", site="S")) == [(None, "S", "compliant")]


def test_a_site_out_of_scope_has_no_standing():
    rows = [department("A"), site("S", "A", until="2024-12-31"), result("1.1.1", "partial", "2024-05-01", site="S")]
    assert found(*rows) == []
