"""Another tool let in to read a tenant's reports, as its role, on a real PostgreSQL."""

from contextlib import contextmanager

import psycopg

from db import readers
from db.engine import engine


@contextmanager
def let_in(postgres, scope):
    """A connection of a new reader, whose role the superuser makes from the statements; the role is gone afterwards."""
    made = readers.add(scope, "a tool of this test", by_hand=True)
    as_superuser(*made.statements)
    try:
        with psycopg.connect(postgres.url(made.role, made.database), autocommit=True) as connection:
            yield made, connection
    finally:
        if any(row.signs_in for row in readers.readers(scope)):
            as_superuser(*readers.end(scope, made.role, by_hand=True))


def as_superuser(*statements):
    address = engine().url.set(drivername="postgresql", username="postgres").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
