"""The preview is what the load then does, on a warehouse of either kind; mended rows say that they were mended."""

import io

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import reads
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from etl import run
from etl.mended import Mend
from etl.preview import Otherwise, preview, take
from tests.etl.made import HEADINGS, TODAY, csv, write, xlsx

BY = "pat@ash.example"


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


def looked(scope, folder, mends=()):
    return preview(scope, [folder], mends=mends, by=BY, today=TODAY)


def asked(scope, question, *args):
    with open_session(scope) as session:
        return question(session, *args)


def test_first(scope, tmp_path):
    write(tmp_path, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,", "HR,renewal,2025-03-07,1.1.2,P,"))
    run.load(scope, [tmp_path], sent_by="x", today=TODAY)
    write(tmp_path, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,CP,", "HR,renewal,2025-03-07,1.1.2,NC,", "HR,renewal,2025-03-07,9.9.9,NC,","IT,renewal,2025-03-07,1.1.3,NC,"))
    told = looked(scope, tmp_path)
    import json; print(json.dumps(told.short, indent=1))
    (one,) = told.short["mendable"]
    m = Mend(one["file_number"], one["row"], one["at"], one["was"], {**one["was"], "element": "1.2.1"})
    again = looked(scope, tmp_path, [m])
    print(json.dumps(again.short, indent=1))
    with pytest.raises(Otherwise):
        take(scope, [tmp_path], told.fingerprint, mends=[m], by=BY, today=TODAY)
    report = take(scope, [tmp_path], again.fingerprint, mends=[m], by=BY, today=TODAY)
    print(report)
    assert 0
