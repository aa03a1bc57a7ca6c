"""What stands beside us in the benchmarks: pinned, without a secret, and asked for the same numbers as we give."""

import gzip
import re

import brotli
import pytest

from benchmarks.asking import Answer
from benchmarks.expected import COUNTED
from benchmarks.superset import charts, server
from scheme.headroom import HEADROOM


def test_all_that_superset_stands_on_is_pinned():
    lines = [line for line in server.PINNED.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert server.version()


def test_no_secret_of_superset_is_in_the_repository():
    said = (server.HERE / "superset_config.py").read_text()
    assert re.findall(r"(?i)^\w*(?:secret|password|token)\w* = (.*)$", said, re.M) == [
        'os.environ["SUPERSET_SECRET_KEY"]'
    ]


def test_superset_is_asked_for_what_our_headroom_says():
    asked = {metric["label"] for metric in charts.QUERIES["headroom"]["metrics"]}
    assert asked == set(COUNTED)
    assert asked < set(HEADROOM)


@pytest.mark.parametrize(("coding", "pack"), [("", bytes), ("gzip", gzip.compress), ("br", brotli.compress)])
def test_an_answer_is_read_as_it_was_packed(coding, pack):
    assert Answer(200, pack('{"a": "é"}'.encode()), coding, 0.1).json() == {"a": "é"}


def test_an_answer_that_is_none_fails_with_its_words():
    with pytest.raises(AssertionError, match="422: no such table"):
        Answer(422, b"no such table", "", 0.1).text()
