"""What Superset is given of a tenant, and the charts that show what our headroom page and our heatmap show."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from benchmarks.asking import Answer
from benchmarks.expected import Expected, place
from benchmarks.superset.server import Dataset, Superset
from scheme.standard import ALL_BANDS
from tests.cluster import Cluster, Database

ROLE = "peer"
_SQL = {
    **{band: f"COUNT(*) FILTER (WHERE band = '{band}')" for band in ALL_BANDS},
    "not_assessed": "MAX(elements) - COUNT(*)",
    "allowance": "MAX(allowance)",
    "headroom": "MAX(allowance) - COUNT(*) FILTER (WHERE band = 'partial')",
}


def table_of(programme: Expected) -> str:
    """The table that Superset is given of a tenant."""
    return f"standing_of_{programme.departments}"


def hand_over(cluster: Cluster, database: Database, programmes: Sequence[Expected]) -> None:
    """The bands in force as plain tables with all that the charts ask for in each row, and a role that reads them."""
    with psycopg.connect(cluster.url("postgres", database.name), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER")
        for programme in programmes:
            name = table_of(programme)
            rows = programme.standing.join(
                programme.headroom.select("department", "criterion", "elements", "allowance"),
                on=["department", "criterion"],
            ).select("department", "criterion", "element", "band", "elements", "allowance", place=place("band"))
            connection.execute(
                f"CREATE TABLE {name} (department text, criterion text, element text, band text, elements smallint,"
                " allowance smallint, place smallint, PRIMARY KEY (department, element))"
            )
            with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
                copy.write(rows.write_csv(include_header=False))
            connection.execute(f"CREATE INDEX ON {name} (department, criterion) INCLUDE (band, elements, allowance)")
            connection.execute(f"GRANT SELECT ON {name} TO {ROLE}")
        connection.execute("VACUUM ANALYZE")


class Charts:
    """The charts in Superset that show what our two pages show."""

    def __init__(self, superset: Superset, dataset: Dataset) -> None:
        self._superset, self._dataset = superset, dataset

    def ask(self, chart: str, is_forced: bool) -> Answer:
        """The data of a chart: "headroom", "heatmap" (pivoted by Superset), "flat" (left for its browser to pivot)."""
        answer = self._superset.chart(self._dataset, QUERIES[chart], is_forced)
        told = answer.json()["result"][0]
        assert not (is_forced and told["is_cached"]), f"{chart} came from the cache"
        return answer

    def rows(self, chart: str) -> list[dict[str, Any]]:
        """The rows of a chart."""
        return list(self.ask(chart, is_forced=True).json()["result"][0]["data"])


def _metric(label: str, sql: str) -> dict[str, str]:
    return {"expressionType": "SQL", "sqlExpression": sql, "label": label}


_BY_ELEMENT = {"columns": ["department", "element"], "metrics": [_metric("band", "MAX(place)")], "row_limit": 1_000_000}
QUERIES: Mapping[str, dict[str, Any]] = {
    "headroom": {
        "columns": ["department", "criterion"],
        "metrics": [_metric(label, sql) for label, sql in _SQL.items()],
        "row_limit": 1_000_000,
    },
    "flat": _BY_ELEMENT,
    "heatmap": {
        **_BY_ELEMENT,
        "post_processing": [
            {
                "operation": "pivot",
                "options": {
                    "index": ["department"],
                    "columns": ["element"],
                    "aggregates": {"band": {"operator": "max"}},
                    "drop_missing_columns": False,
                },
            },
            {"operation": "flatten"},
        ],
    },
}
