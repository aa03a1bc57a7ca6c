"""What A can observe does not depend on what others have (reliability.md T1, T6, T12, D3), nor where it lies (T13)."""

import pytest

from tests.noninterference import asks, callbacks, harness, parts


def thorough_of(world_of):
    """Who asks every variant: on PostgreSQL one will do, for what a page makes of its rows is the same on both."""
    return harness.THOROUGH if world_of["full"].kind == "sqlite" else ("champion",)


@pytest.fixture(scope="module")
def sent(world_of):
    """What the program sends to a database of one kind (new for each) while `answered` asks it everything."""
    return parts.Sent()


@pytest.fixture(scope="module")
def answered(app, world_of, sent):
    """Everything that each role of A was answered, by world: where others changed theirs, on SQLite alone."""
    told = {}
    asks.unknown.clear()
    for name in ("empty", "full", "changed")[: 3 if world_of["full"].kind == "sqlite" else 2]:
        with world_of[name].entered():
            if name != "empty":  # so that whatever is kept from one to the next is there to be given to the wrong one
                harness.warm(app)
            if name == "changed":  # what is not the same in `full` has been found by then: a few people will do
                people = ("administrator", "operator", "lead", "champion")  # in the order of before: the log is read
                told[name] = harness.run(app, world_of[name], people, twins=False, thorough=(), programs=False)
            else:
                with sent.noted():
                    told[name] = harness.run(app, world_of[name], twins=name == "full", thorough=thorough_of(world_of))
    return told


def test_every_field_of_every_form_and_argument_of_the_api_has_known_values(answered):
    assert list(asks.unknown) == []


def test_answers_are_the_same_whatever_others_have(answered):
    for name in [name for name in answered if name != "empty"]:
        assert list(harness.differences(answered["empty"], answered[name])) == [], name


def test_no_canary_is_answered(answered):
    for name, answers in answered.items():
        assert list(harness.leaks(answers)) == [], name


def test_nobody_is_answered_what_their_role_may_not_open(answered):
    assert list(harness.trespasses(answered["full"])) == []


def test_nothing_fails(answered):
    assert list(harness.failures(answered["full"])) == []


def test_somebody_else_s_id_and_nobody_s_are_answered_alike(answered):
    assert list(harness.existence(answered["full"])) == []


def test_every_statement_names_its_tenant_and_stays_in_one_part(answered, sent, world_of):
    assert len(sent.statements) > 100
    assert list(parts.strays(sent)) == []
    if world_of["full"].kind == "postgresql":
        assert list(parts.astray(sent, world_of["full"])) == []


def test_what_is_hidden_inside_an_organisation_is_neither_shown_nor_counted(app, world_of, answered):
    people = ("champion", "assessor", "guest")
    mine = {key: seen for key, seen in answered["empty"].items() if key[0] in harness.LIMITED}
    assert list(harness.hidden(mine)) == []
    with world_of["hidden"].entered():
        again = harness.run(app, world_of["hidden"], people, twins=False, thorough=thorough_of(world_of))
    again = {key: seen for key, seen in again.items() if key[0] in harness.LIMITED}
    assert list(harness.differences(mine, again)) == []


def test_forged_bodies_give_nothing_away(app, world_of):
    world = world_of["full"]
    with world.entered():
        harness.warm(app)
        before = world.others()
        for person in thorough_of(world_of):
            asking = harness.Asking(app, person)
            answers = {(person, ask.surface, ask.variant): asking.ask(ask) for ask in callbacks.forged(app)}
            assert [*harness.leaks(answers), *harness.failures(answers)] == []
            harness.assert_untouched(world, before, f"{person}, forging")
