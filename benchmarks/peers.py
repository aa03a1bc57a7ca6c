"""The same headroom table and heatmap from the same PostgreSQL through Apache Superset and from our own server.

Superset gets every advantage we could think of (docs/performance.md, "Peers"); both give the same numbers, or there is
no figure. Loopback only; the cluster, both servers and all their files are gone at the end.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from benchmarks.asking import Answer, gunicorn
from benchmarks.environment import environment
from benchmarks.expected import COUNTED, Expected, expected, place
from benchmarks.figures import Figure
from benchmarks.pages import PAGES, Browser
from benchmarks.superset import server
from benchmarks.superset.charts import ROLE, Charts, hand_over, table_of
from benchmarks.warehouses import postgres, settings
from db.engine import engine
from db.upgrade import upgrade
from tests.cluster import Cluster, Database

_HOUSE = Path(__file__).parent.parent
_SIZES = {"small": (100,), "whole": (100, 1_000)}
_COLD = {"small": 1, "whole": 3}  # fresh servers for each page
_WARM, _FORCED = 15, 5  # goes of each; the median counts


def figures(size: str) -> Iterator[Figure]:
    """Both pages of ours against Superset's charts, cold and warm; nothing but the reason where that cannot be.

    The small run takes Superset as it finds it: installing it alone takes longer than that run may.
    """
    if size == "small" and not server.is_installed():
        why = "Superset is not installed yet; `python -m benchmarks --only peers` installs it"
        yield Figure("Peers", "our pages beside Superset's charts", "", 0.0, "ms", note=f"not measured: {why}")
        return
    taken = server.install()
    if taken:
        print(f"Superset {server.version()} installed in {taken:.0f} s", file=sys.stderr)
    database = postgres().database()
    with tempfile.TemporaryDirectory(prefix="assay-peers-") as folder, environment(settings(database, Path(folder))):
        yield from _compared(postgres(), database, size, Path(folder) / "log")
        engine().dispose()


def _compared(cluster: Cluster, database: Database, size: str, log: Path) -> Iterator[Figure]:
    upgrade()
    tiny, programmes = expected(10, years=1), [expected(departments) for departments in _SIZES[size]]
    hand_over(cluster, database, programmes)
    cold = {page: _cold(page, _COLD[size], tiny, programmes, log) for page in PAGES}
    address = database.owner_url.replace("postgresql://assay_owner@", f"postgresql+psycopg2://{ROLE}@")
    with server.running() as superset, gunicorn(Path(sys.executable), "dashboard.app:server", {}, _HOUSE, log) as port:
        known, browser = superset.add_database("Assay", address), Browser(port)
        for programme in programmes:
            charts = Charts(superset, superset.add_dataset(known, table_of(programme)))
            _same_numbers(programme, charts, browser)
            yield from _figures(programme, charts, browser, {page: cold[page][programme.departments] for page in cold})
        browser.close()


def _cold(page: str, goes: int, tiny: Expected, programmes: Sequence[Expected], log: Path) -> dict[int, list[float]]:
    """Milliseconds of the first answer that a fresh worker gives about each programme, by number of departments.

    A small tenant has asked the same before, so that the program is warm, as Superset's is, and nothing of this one is.
    """
    taken: dict[int, list[float]] = {programme.departments: [] for programme in programmes}
    for _ in range(goes):
        with gunicorn(Path(sys.executable), "dashboard.app:server", {}, _HOUSE, log) as port:
            browser = Browser(port)
            opened = browser.opened(page, tiny.token)
            asked = browser.asked(page, opened)
            browser.callback(asked, opened).json()
            for programme in programmes:
                opened = browser.opened(page, programme.token)
                answer = browser.callback(asked, opened)
                answer.json()
                taken[programme.departments].append(answer.seconds * 1000)
            browser.close()
    return taken


def _same_numbers(programme: Expected, charts: Charts, browser: Browser) -> None:
    """AssertionError where Superset, our two pages and the rules do not all give the same numbers, cell by cell."""
    key = ["department", "criterion"]
    right = programme.headroom.select(*key, *COUNTED).sort(key)
    theirs = pl.DataFrame(charts.rows("headroom"), infer_schema_length=None).select(*key, *COUNTED).sort(key)
    assert theirs.cast(right.schema).equals(right), "Superset's headroom table differs from the rules"  # type: ignore[arg-type]
    ours = {
        (row or None, criterion): cell[1:5]
        for row, cells in browser.cells("headroom", programme.token).items()
        for criterion, cell in cells.items()
        if criterion in set(right["criterion"])
    }
    told = programme.headroom.select("department_code", "criterion", "partial", "allowance", *COUNTED[3:4], COUNTED[5])
    wanted = {(row[0], row[1]): list(row[2:]) for row in told.iter_rows()}
    assert ours == wanted, "our headroom page differs from the rules"
    bands = programme.standing.with_columns(place=place("band"))
    right_bands = {(row[0], row[1]): row[2] for row in bands.select("department", "element", "place").iter_rows()}
    pivot = {
        (row["department"], name.removeprefix("band, ")): value
        for row in charts.rows("heatmap")
        for name, value in row.items()
        if name != "department"
    }
    assert pivot == right_bands, "Superset's heatmap differs from the rules"
    flat = {(row["department"], row["element"]): row["band"] for row in charts.rows("flat")}
    assert flat == right_bands, "Superset's rows of the heatmap differ from the rules"
    shown = {
        (row or None, element): int(cell[0])
        for row, cells in browser.cells("heatmap", programme.token).items()
        for element, cell in cells.items()
        if element in set(bands["element"]) and cell is not None
    }
    by_code = {(row[0], row[1]): row[2] for row in bands.select("department_code", "element", "place").iter_rows()}
    assert shown == by_code, "our heatmap differs from the rules"


def _figures(
    programme: Expected, charts: Charts, browser: Browser, cold: Mapping[str, Sequence[float]]
) -> Iterator[Figure]:
    size = f"{programme.departments:,} departments"
    for page, what, at_least in (("headroom", "headroom table", 4.0), ("heatmap", "heatmap of 57 elements", 15.0)):
        opened = browser.opened(page, programme.token)
        asked = browser.asked(page, opened)
        forced = [charts.ask(page, is_forced=True) for _ in range(_FORCED)]
        charts.ask(page, is_forced=False)  # fills the cache
        browser.callback(asked, opened)
        cached, warm = [], []
        for _ in range(_WARM):  # in turn, so that what else the machine does falls on both
            cached.append(charts.ask(page, is_forced=False))
            warm.append(browser.callback(asked, opened))
        theirs, anew, ours, first = _middle(cached), _middle(forced), _middle(warm), statistics.median(cold[page])
        assert all(answer.json()["result"][0]["is_cached"] for answer in cached), "Superset's cache was not used"
        told = f"Superset {anew:.0f} ms forced, {theirs:.0f} ms cached, {_weight(cached)}; ours {_weight(warm)}"
        yield Figure(
            "Peers", f"{what}, warm", size, ours, "ms", "Superset's cached answer", theirs / ours, 10, note=told
        )
        yield Figure(
            "Peers", f"{what}, cold", size, first, "ms", "Superset's forced answer", anew / first, at_least, note=told
        )
    flat = [charts.ask("flat", is_forced=True) for _ in range(3)]
    yield Figure(
        "Peers",
        "heatmap of 57 elements, cold, against rows alone",
        size,
        first,
        "ms",
        "Superset's forced rows, unpivoted",
        _middle(flat) / first,
        note=f"what Superset's own pivot table fetches, {_weight(flat)}, and then pivots in the browser",
    )


def _middle(answers: Sequence[Answer]) -> float:
    """The median, in milliseconds."""
    return statistics.median(answer.seconds for answer in answers) * 1000


def _weight(answers: Sequence[Answer]) -> str:
    last = answers[-1]
    return f"{len(last.text().encode()) / 1000:.0f} kB, {len(last.body) / 1000:.0f} kB as sent"
