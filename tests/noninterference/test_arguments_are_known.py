"""What a new surface owes to the proof: a value for each of its arguments."""

from tests.noninterference import asks, command_line, known_values, surfaces
from tests.noninterference.known_values import Known


def test_every_argument_of_every_surface_has_known_values(app):
    assert surfaces.owed(app) == []


def test_every_argument_of_every_command_has_known_values(tmp_path):
    asks.unknown.clear()
    for command in command_line.commands():
        assert list(command_line.ways(command, tmp_path))
    assert list(asks.unknown) == []


def test_a_surface_with_an_argument_that_nobody_knows_is_told_with_what_to_add():
    asks.unknown.clear()
    asks.known(known_values.ROUTE, "ROUTE", "brand_new", "the route GET /x/<brand_new>")
    (said,) = asks.unknown
    assert "takes `brand_new`" in said
    assert "add it to ROUTE in tests/noninterference/known_values.py" in said
    asks.unknown.clear()


def test_ids_of_others_and_of_nobody_are_given_together():
    tables = (known_values.ADDRESS, known_values.CALLBACK, known_values.ROUTE, known_values.READ, known_values.COMMAND)
    for each in (each for table in tables for each in table.values() if isinstance(each, Known)):
        assert (each.theirs is None) == (each.nobodys is None), each
