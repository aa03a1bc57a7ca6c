"""The worlds of each kind of warehouse, made anew for each module: asking leaves traces in the log of who asked."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.noninterference import worlds


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, empty_warehouse, tmp_path_factory) -> Callable[[str], dict[str, worlds.World]]:
    """A function: the worlds of a kind ("sqlite", "postgresql") by name."""

    @cache
    def build(kind: str) -> dict[str, worlds.World]:
        cluster = request.getfixturevalue("postgres") if kind == "postgresql" else None
        return worlds.build(kind, empty_warehouse(kind), Path(tmp_path_factory.mktemp(f"worlds-{kind}")), cluster)

    return build


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], scope="session")
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of warehouse in turn."""
    return request.param


@pytest.fixture(scope="module")
def world_of(kind: str, made) -> dict[str, worlds.World]:
    """The worlds of this kind."""
    return made(kind)


@pytest.fixture(scope="session")
def app():
    """The dashboard as it is served, in this process; only that it may be asked faster than any person could."""
    from dashboard.app import create_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_SECRET", worlds.SECRET)
        made = create_app()
    for limiter in made.server.extensions["limiter"]:
        limiter.enabled = False
    return made
