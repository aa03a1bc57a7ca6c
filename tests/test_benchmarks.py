"""The benchmarks' own words: targets, tables, files. What they measure is run by `make bench`, and by no test."""

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as harness
from benchmarks import report
from benchmarks.figures import Figure, seconds

KEPT = Path(report.__file__).with_name("last.json")
ABOUT = {
    "made_at": "2026-11-22T12:00:00+00:00",
    "size": "small",
    "failed": [],
    "commit": "abc1234",
    "versions": {"python": "3.11.7", "postgresql": "postgres (PostgreSQL) 15.20"},
    "machine": {"system": "Linux", "processor": "A processor", "cores": 2, "memory_gb": 24.0, "load": 0.5},
}
FEW = Figure("Screens", "heatmap, warm", "10 departments", 4.0, "ms", "serialising", 1.2, at_most=3.0, note="small")
MANY = replace(FEW, size="1,000 departments", value=1234.5, ratio=3.5, note="")
COUNT = Figure("Load", "requests", "50 people", 812.345, "requests/s")


@pytest.mark.parametrize(
    ("value", "ratio", "least", "most", "met"),
    [
        (99.0, 2.0, None, 3.0, True),
        (99.0, 3.0, None, 3.0, True),
        (0.1, 3.1, None, 3.0, False),
        (0.1, 0.5, 0.5, None, True),
        (0.9, 0.4, 0.5, None, False),
        (250.0, None, None, 250.0, True),
        (251.0, None, None, 250.0, False),
        (1.0, 1.0, None, None, None),
    ],
)
def test_a_target_is_for_the_ratio_and_for_the_value_where_there_is_none(value, ratio, least, most, met):
    assert Figure("G", "w", "s", value, "ms", "a", ratio, least, most).is_met is met


def test_seconds_are_the_median_of_several_goes():
    goes = []
    assert seconds(lambda: goes.append(1), 3) >= 0
    assert len(goes) == 3


def test_the_printed_table_has_each_figure_once_below_its_group_with_whether_its_target_is_met():
    lines = list(report.table([FEW, MANY, COUNT]))
    assert lines[1] == "Screens"
    assert lines[5] == "Load"
    assert lines[2].split("  ")[0] == "heatmap, warm"
    assert lines[2].endswith("  met      small")
    assert "NOT MET" in lines[3]
    assert "1,234 ms" in lines[3]
    assert "3.50 x serialising" in lines[3]
    assert lines[2].index("at most") == lines[3].index("at most")
    assert "812 requests/s" in lines[6]
    assert "MET" not in lines[6].upper()


def test_a_run_comes_back_from_its_json_as_it_was(tmp_path):
    told = report.whole([FEW, MANY, COUNT], ABOUT)
    report.write_json(told, tmp_path / "run.json")
    kept = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert report.read(kept) == [FEW, MANY, COUNT]
    assert [one["is_met"] for one in kept["figures"]] == [True, False, None]
    assert kept["machine"]["cores"] == 2


def test_the_page_has_sizes_across_and_says_what_is_not_met_and_what_failed():
    told = report.whole([FEW, MANY, COUNT], {**ABOUT, "failed": ["load"]})
    page = report.page_table(told)
    assert "1 of 2 targets met; 1 more figures are for orientation" in page
    assert "Failed and so without figures: load." in page
    assert "| | 10 departments | 1,000 departments | ratio to | target |" in page
    assert "| heatmap, warm, ms | 4.00 (1.20 x) | 1,234 (3.50 x) **not met** | serialising | at most 3.00 x |" in page
    assert "| requests, requests/s | 812 |  |  |" in page


def test_writing_the_page_changes_what_stands_between_its_marks_and_nothing_else(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{report.BEGIN}\nold\n{report.END}\n\n## After\n", "utf-8")
    for _ in range(2):
        report.write_page(report.whole([FEW], ABOUT), page)
    text = page.read_text("utf-8")
    assert text.startswith(f"# Before\n\n{report.BEGIN}\nMade 2026-11-22")
    assert text.endswith("\n\n## After\n")
    assert text.count(report.BEGIN) == text.count(report.END) == 1
    assert "old" not in text


def test_the_table_of_the_paper_is_that_of_the_run_that_is_kept():
    told = json.loads(KEPT.read_text("utf-8"))
    assert report.page_table(told) in report.PAGE.read_text("utf-8")


def test_every_part_gives_figures_and_every_module_with_figures_is_a_part():
    for part in harness.PARTS:
        assert callable(import_module(f"benchmarks.{part.name}").figures)
    folder = Path(report.__file__).parent
    giving = {path.stem for path in folder.glob("*.py") if re.search(r"^def figures\(", path.read_text("utf-8"), re.M)}
    assert giving == {part.name for part in harness.PARTS}


def test_all_parts_together_may_take_thirty_minutes():
    assert sum(part.minutes for part in harness.PARTS) <= 30


class Parts:
    """Two parts of a benchmark, the first of which breaks after a figure."""

    @staticmethod
    def breaks(size):
        yield FEW
        raise RuntimeError("the server is gone")

    @staticmethod
    def works(size):
        yield COUNT


def test_a_part_that_fails_takes_no_figure_of_another_away_and_is_told(monkeypatch, capsys, tmp_path):
    names = ("breaks", "works")
    modules = {f"benchmarks.{name}": SimpleNamespace(figures=getattr(Parts, name)) for name in names}
    monkeypatch.setattr(harness, "PARTS", (harness.Part("breaks", 1), harness.Part("works", 1)))
    monkeypatch.setattr(harness, "import_module", modules.__getitem__)
    assert harness.main(["--json", str(tmp_path / "run.json")]) == 1
    told = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert report.read(told) == [FEW, COUNT]
    assert told["failed"] == ["breaks"]
    assert told["versions"]["python"]
    assert told["machine"]["cores"]
    said = capsys.readouterr()
    assert "2 figures, 0 targets not met; failed: breaks" in said.out
    assert "the server is gone" in said.err
    assert harness.main(["--only", "works"]) == 0
    assert "1 figures" in capsys.readouterr().out
