"""`assay sync` and `assay status` as a timer runs them, over the sources of two tenants."""

import os
import time

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.etl.site import Site
from tests.journeys.command_line import RESULT, at_once, csv_text

A, B = ("HR", "annual_review", "2025-03-07", "1.1.1", "Compliant"), ("HR", "annual_review", "2025-03-07", "1.1.2", "C")
KEYS = ["tenant", "source", "outcome", "what", "load"]
STATUS = [
    *("tenant", "source", "state", "from", "every", "last_started_at", "last_finished_at", "outcome", "what", "load"),
    "next_due_at",
]


def sender(warehouse, tenant, folder, *more):
    """A source of a tenant that looks into a folder of its own below in/."""
    place = warehouse.folder / "in" / folder
    place.mkdir(parents=True, exist_ok=True)
    lines = ["[from]", f'folder = "{place}"', *more]
    warehouse.say("source", "add", warehouse.write(f"{folder}.toml", "\n".join(lines)), "--tenant", tenant)
    return place


def old(path):
    """A file that nobody has touched for an hour."""
    os.utime(path, (time.time() - 3600,) * 2)
    return path


@pytest.fixture
def watched(warehouse):
    """A warehouse whose tenants each have a source in a folder that they may read."""
    sender(warehouse, "T", "housing", 'at = "06:00"')
    sender(warehouse, "OTHER", "theirs")
    warehouse.settings["ASSAY_FOLDERS"] = f"T={warehouse.folder}/in/housing:OTHER={warehouse.folder}/in/theirs"
    return warehouse


def test_one_entry_of_a_timer_loads_the_files_of_all_tenants(watched):
    assert watched.records("status")[0]["state"] == "new"
    old(watched.csv("in/housing/a.csv", RESULT, A))
    old(watched.csv("in/theirs/b.csv", RESULT, A, (*B[:4], "green")))
    said = watched.say("sync", code=3)
    assert [list(one) for one in said.json] == [KEYS, KEYS]
    told = {(one["tenant"], one["source"]): (one["outcome"], one["load"]) for one in said.json}
    assert told == {("T", "housing"): ("all in", 1), ("OTHER", "theirs"): ("rows set aside", 1)}
    assert "assay: T housing: all in (load 1): 1 file: 1 read, 1 loaded" in said.err
    assert [one["band"] for one in watched.measure("history")] == ["compliant"]
    assert [one["sent_by"] for one in watched.records("loads", "--tenant", "T")] == ["source housing"]
    assert watched.say("sync").json == []
    standing = watched.records("status")
    assert [list(one) for one in standing] == [STATUS, STATUS]
    assert {one["state"] for one in standing} == {"fine"}
    assert [one["every"] for one in standing if one["tenant"] == "T"] == ["every day at 06:00 (Europe/London)"]
    assert [one["outcome"] for one in watched.say("sync", "--now").json] == ["nothing new"] * 2


def test_a_failed_source_is_an_exit_code_for_whoever_watches_and_others_run(watched):
    watched.say("source", "add", watched.write("bad.toml", '[from]\nfolder = "/etc"'), "--tenant", "T")
    old(watched.csv("in/theirs/b.csv", RESULT, A))
    told = {one["source"]: one["outcome"] for one in watched.say("sync", code=1).json}
    assert told == {"bad": "failed", "housing": "nothing new", "theirs": "all in"}
    standing = {one["source"]: one["state"] for one in watched.say("status", code=1).json}
    assert standing == {"bad": "failed", "housing": "fine", "theirs": "fine"}
    assert watched.say("status", "--tenant", "OTHER").json[0]["source"] == "theirs"
    assert "bad" in watched.say("status", "--format", "table", code=1).out.decode()


def test_a_timer_that_comes_twice_at_once_loads_once(watched):
    old(watched.csv("in/housing/a.csv", RESULT, A))
    both = at_once(*[lambda: watched.say("sync", "--tenant", "T")] * 2)
    outcomes = [one["outcome"] for said in both for one in said.json]
    assert outcomes.count("all in") == 1
    assert len(watched.records("loads", "--tenant", "T")) == 1


def test_an_address_stands_in_place_of_a_path(warehouse):
    site = Site()
    site.answers["/out/results.csv?sig=secret"] = (200, {}, csv_text(RESULT, [A]).encode())
    address = site.url("/out/results.csv?sig=secret")
    assert warehouse.load(address).file("results.csv")["loaded"] == 1
    assert [one["file"] for one in warehouse.check(address)[0]] == ["results.csv"]
    assert "status 404" in warehouse.say("load", site.url("/none"), "--tenant", "T", code=1).err
    site.answers["/on"] = (302, {"Location": site.url("/out/results.csv?sig=secret", "127.0.0.1")}, b"")
    said = warehouse.say("load", site.url("/on"), "--tenant", "T", code=1)
    assert "lies inside the network" in said.err
    site.close()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    how = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **how)
    client.create_bucket(Bucket="theirs")
    client.put_object(Bucket="theirs", Key="in/b.csv", Body=csv_text(RESULT, [B]).encode())
    warehouse.settings |= {name.upper().replace("REGION_NAME", "AWS_REGION"): value for name, value in how.items()}
    warehouse.settings |= {"AWS_ENDPOINT": f"http://{host}:{port}", "AWS_ALLOW_HTTP": "true"}
    assert warehouse.load("s3://theirs/in").file("b.csv")["loaded"] == 1
    assert warehouse.load("s3://theirs/in/b.csv").file("b.csv")["unchanged"] == 1
    assert "no files to read" in warehouse.say("load", "s3://theirs/out", "--tenant", "T", code=2).err
    server.stop()


def test_what_is_asked_wrongly_is_wrong_usage(warehouse):
    warehouse.say("source", "add", warehouse.write("plain.toml", 'name = "A"'), "--tenant", "T")
    for words in (("--source", "plain"), ("--source", "none"), ("--tenant", "NOBODY"), ("--now", "--watch")):
        assert warehouse.say("sync", "--tenant", "T", *words, code=2).err.startswith("assay: ")
    assert warehouse.say("sync").json == []
    assert warehouse.say("status").json == []
    said = warehouse.say("source", "add", warehouse.write("far.toml", '[from]\nfolder = "/etc"'), "--tenant", "T")
    assert "its files cannot be fetched as things are" in said.err
