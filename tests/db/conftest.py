"""Two tenants of a warehouse of either kind."""

import pytest

from db.session import Scope
from db.tenants import add_tenant, scope_of


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


@pytest.fixture
def other(warehouse, scope) -> Scope:
    """Another tenant of that warehouse."""
    add_tenant("BEC", "Beckford Housing Group")
    return scope_of("BEC")
