"""What must hold whatever happens: tenants apart, loads whole, two at once, killed at any instant."""

import itertools
import signal
import time

import pytest

from tests.journeys.command_line import RESULT, at_once, tuples

ELEMENTS = ("1.1.1", "1.1.2", "1.1.3", "1.2.1", "3.2.2", "4.3.2", "5.3.3")


def test_tenants_with_the_same_codes_never_see_each_other(either):
    for tenant, band, parent in (("T", "C", ""), ("OTHER", "N", "A")):
        either.csv(f"{tenant}/results.csv", RESULT,
            f"A,annual_review,2025-03-07,1.1.1,{band}",
            f"A,annual_review,2025-03-07,1.1.2,canary of {tenant}",
            f"{tenant}-ONLY,annual_review,2025-03-07,1.1.3,{band}",
        )  # fmt: skip
        either.csv(
            f"{tenant}/departments.csv", "Department code,Department name,Parent code", "A,Alpha,", f"B,Bravo,{parent}"
        )
        either.csv(f"{tenant}/sites.csv", "Site code,Site name,Department code", f"S,Site of {tenant},A")
        either.csv(
            f"{tenant}/certificates.csv",
            "Certificate code,Awarded on,Expires on",
            f"C,2025-01-0{len(tenant)},2028-01-01",
        )
    ours = either.load("T", code=3)
    assert either.records("loads", "--tenant", "OTHER") == []
    theirs = either.load("OTHER", tenant="OTHER", code=3)
    assert {record["unchanged"] for record in theirs.files} == {0}

    everything = {}
    for tenant, loaded in (("T", ours), ("OTHER", theirs)):
        everything[tenant] = "".join(map(str, at_once(
            lambda t=tenant: either.measure("history", tenant=t),
            lambda t=tenant: either.measure("standing", tenant=t),
            lambda t=tenant: either.measure("headroom", tenant=t),
            lambda t=tenant: either.measure("sites", tenant=t),
            lambda t=tenant: either.records("loads", "--tenant", t),
            lambda loaded=loaded: loaded.rejected,
        )))  # fmt: skip
    assert "OTHER" not in everything["T"]
    assert "canary of T" not in everything["OTHER"].replace("canary of OTHER", "")
    assert "T-ONLY" not in everything["OTHER"]
    assert "canary of T" in everything["T"]
    assert tuples(either.measure("standing", tenant="T"), "department_code element band")[0] == (
        None,
        "1.1.1",
        "compliant",
    )
    assert (
        "T-ONLY"
        not in either.say("measure", "standing", "--tenant", "OTHER", "--department", "T-ONLY", code=2).out.decode()
    )
    # Another tenant's load has no number here.
    number = max(ours.number, theirs.number) + 1
    assert either.say("rejected", number, "--tenant", "T", code=(0, 1, 2)).out.strip() in (b"", b"[]")


def big(place, name, departments, band="C"):
    """A file of so many departments, each with all elements of seven criteria's corners."""
    rows = [(f"D{n}", "annual_review", "2025-03-07", e, band) for n in departments for e in ELEMENTS]
    return place.csv(name, RESULT, *rows), len(rows)


def test_two_loads_at_once_both_get_in_and_what_they_share_gets_in_once(either):
    one, first = big(either, "one.csv", range(150))
    two, second = big(either, "two.csv", range(100, 250))
    both = [either.start("load", path, "--tenant", "T") for path in (one, two)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    loads = either.records("loads", "--tenant", "T")
    assert len({record["load"] for record in loads}) == 2
    assert sum(record["loaded"] for record in loads) == 250 * len(ELEMENTS)
    assert sum(record["unchanged"] for record in loads) == 50 * len(ELEMENTS)
    assert (first, second) == (150 * len(ELEMENTS), 150 * len(ELEMENTS))
    history = either.measure("history")
    keys = tuples(history, "department_code element")
    assert len(keys) == len(set(keys)) == 250 * len(ELEMENTS)


def contents(place):
    """What the warehouse says, but for the moments and numbers of its loads."""
    standing, history = at_once(lambda: place.measure("standing"), lambda: place.measure("history"))
    return standing, sorted(tuples(history, "department_code element band file row superseded_at"), key=str)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_load_that_is_killed_leaves_all_or_nothing_and_runs_again(opened, kind):
    undisturbed = opened(kind)
    path, size = big(undisturbed, "big.csv", range(1500))
    process = undisturbed.start("load", path, "--tenant", "T")
    until_read(process, "big.csv")
    begun = time.monotonic()
    process.communicate(timeout=300)
    took = time.monotonic() - begun
    expected = contents(undisturbed)
    for share in (0, 0.4, 0.8) if kind == "sqlite" else (0.5,):
        place = opened(kind)
        path, _ = big(place, "big.csv", range(1500))
        process = place.start("load", path, "--tenant", "T")
        until_read(process, "big.csv")
        time.sleep(took * share)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        done = sum(record["loaded"] for record in place.records("loads", "--tenant", "T"))
        assert done in (0, size)
        again = place.load(path)
        assert again.file("big.csv")["loaded"] + done == size
        assert again.file("big.csv")["unchanged"] == done
        assert contents(place) == expected


def until_read(process, name):
    """Wait for the line of progress that says the file was read: what follows is checking and publishing it."""
    assert any(name.encode() in line for line in process.stderr)


def test_a_file_may_be_loaded_by_two_at_once(warehouse):
    path, size = big(warehouse, "same.csv", itertools.chain(range(60)))
    both = [warehouse.start("load", path, "--tenant", "T") for _ in range(2)]
    for process in both:
        process.communicate(timeout=300)
    assert [process.returncode for process in both] == [0, 0]
    loads = warehouse.records("loads", "--tenant", "T")
    assert sorted((record["loaded"], record["unchanged"]) for record in loads) == [(0, size), (size, 0)]
    assert len(warehouse.measure("history")) == size
