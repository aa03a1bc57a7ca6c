"""Whatever is asked of the API is answered as it describes itself, and never with a fault of ours (D13, W11).

Schemathesis makes the requests from the description: good ones, and ones that break it in each way it knows.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from dashboard import bearer
from dashboard.openapi import description
from db.engine import engine
from tests.dashboard.small_programme import made, programme

FEW = int(os.environ.get("ASSAY_EXAMPLES", "6"))
NOW = {}  # the server and the token of the warehouse that is asked just now


def served(environ, start_response):
    return NOW["server"](environ, start_response)


api = schemathesis.openapi.from_dict(description())
api.app = served


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def asked(request, app, empty_warehouse, tmp_path_factory) -> Iterator[None]:
    """A warehouse of either kind with a small programme, and a token that may read and send."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "sqlite":
            path = shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("fuzzed") / "assay.db")
            patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        else:
            postgres = request.getfixturevalue("postgres")
            database = postgres.database(template=empty_warehouse("postgresql"))
            patch.setenv("ASSAY_DATABASE_URL", database.url)
        patch.setenv("ASSAY_ORIGINALS", str(tmp_path_factory.mktemp("originals")))
        NOW.update(server=app.server.wsgi_app, token=made(programme("ASH")))
        yield
        engine().dispose()
        if request.param != "sqlite":
            postgres.drop(database)


@api.parametrize()
@settings(
    max_examples=FEW,
    deadline=None,
    derandomize="ASSAY_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_described(asked, case):
    bearer.forget()
    plain = {"Accept-Encoding": "identity"}  # what reads the answers does not unpack them
    case.call_and_validate(headers={"Authorization": f"Bearer {NOW['token']}", **plain})
