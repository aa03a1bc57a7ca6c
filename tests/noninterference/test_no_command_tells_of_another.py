"""The command line, asked about A, says the same whatever others have (reliability.md T1, T6)."""

import pytest

from tests.noninterference import canaries, command_line, known_values


@pytest.fixture(scope="module")
def said(world_of, tmp_path_factory):
    """What every command said, by world."""
    told = {}
    for name in ("empty", "full"):
        with world_of[name].entered():
            told[name] = command_line.run(world_of[name], tmp_path_factory.mktemp("files"), twins=name == "full")
    return told


def of_a_tenant(answers):
    return {key: each for key, each in answers.items() if key[0] not in known_values.OF_THE_PLATFORM}


def test_commands_say_the_same_whatever_others_have(said):
    empty, full = of_a_tenant(said["empty"]), of_a_tenant(said["full"])
    assert {key: (each.code, each.out) for key, each in empty.items()} == {
        key: (full[key].code, full[key].out) for key in empty
    }


def test_commands_about_one_organisation_name_no_other(said):
    told = {key: canaries.found(each.raw, each.said) for key, each in of_a_tenant(said["full"]).items()}
    assert {key: found for key, found in told.items() if found} == {}


def test_commands_of_the_platform_name_organisations_and_nothing_that_is_theirs(said):
    for key, each in said["full"].items():
        found = [
            c for c in canaries.found(each.raw, each.said) if not c.startswith(("CANARY-B-tenants", "CANARY-Z-tenants"))
        ]
        assert key[0] not in known_values.OF_THE_PLATFORM or not found, (key, found)


def test_no_command_ends_in_a_fault(said):
    assert {key: each.raw[-300:] for key, each in said["full"].items() if each.code == 70} == {}


def test_commands_answer_alike_to_another_s_id_and_to_nobody_s(said):
    full = of_a_tenant(said["full"])
    for (command, variant), each in full.items():
        if variant.endswith(" theirs"):
            twin = full[command, f"{variant.removesuffix(' theirs')} nobodys"]
            assert each.without_said() == twin.without_said(), (command, variant)
