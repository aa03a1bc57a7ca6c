"""What a person was told stays theirs, once for as long as it holds; a calendar's address dies with its person's role.

reliability.md T1, T8, W3.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db import audit, feeds, members, people, reminders
from db.grants import scope_of_person
from db.identities import CalendarFeed, User
from db.passwords import TRIES_OF_ADDRESS
from db.reminders import Choices, Told, sight_of
from db.roles import EXPORT
from db.session import open_platform, open_session
from scheme.alerts import KINDS
from scheme.errors import Forbidden, UsageError

NOW = datetime.now(UTC)
LEAD = "lead@ash.example"
A, B = Told("failing:A:1", "failing", "A fails.", "/headroom"), Told("form:R:30", "form", "R is due.", "/journey")


@pytest.fixture
def person(scope) -> int:
    """The number of somebody who leads the whole of the first tenant."""
    people.add_user(LEAD, "corporate_lead", "ASH")
    with open_platform() as session:
        return session.scalars(select(User.id).where(User.email == LEAD)).one()


def told(scope, person, *holds, sight="s", now=NOW):
    with open_session(scope, write=True) as session:
        return [each.sentence for each in reminders.tell(session, person, sight, holds, now)]


def asked(scope, question, *about):
    with open_session(scope, write=True) as session:
        return question(session, *about)


def test_each_is_told_once_for_as_long_as_it_holds_and_again_when_it_comes_back(scope, person):
    assert told(scope, person, A, B) == ["A fails.", "R is due."]
    assert told(scope, person, A, B) == []
    assert told(scope, person, B) == []
    over = [each.ended_at for each in asked(scope, reminders.notices, person, "s") if each.kind == "failing"]
    assert over == [NOW]
    assert told(scope, person, A, B) == ["A fails."]
    assert asked(scope, reminders.unread, person, "s") == 2


def test_a_sentence_that_goes_on_holding_says_what_is_so_now(scope, person):
    told(scope, person, B)
    told(scope, person, replace(B, sentence="R is due tomorrow."))
    assert [each.sentence for each in asked(scope, reminders.notices, person, "s")] == ["R is due tomorrow."]


def test_what_was_told_of_more_is_not_shown_to_who_sees_less_and_is_told_anew(scope, person):
    told(scope, person, A, B)
    assert asked(scope, reminders.notices, person, "less") == []
    assert asked(scope, reminders.unread, person, "less") == 0
    assert told(scope, person, B, sight="less") == ["R is due."]
    assert [each.ended_at for each in asked(scope, reminders.notices, person, "s")] == [NOW, NOW]


def test_reading_and_claiming_are_of_one_person_and_no_letter_is_written_twice(scope, person):
    people.add_user("other@ash.example", "corporate_lead", "ASH")
    told(scope, person, A)
    told(scope, person + 1, A, B)
    assert asked(scope, reminders.read_all, person, "s", 99, NOW) == 1
    assert [asked(scope, reminders.unread, who, "s") for who in (person, person + 1)] == [0, 2]
    claimed = asked(scope, reminders.claim, person, "s", NOW)
    assert [each.sentence for each in claimed] == ["A fails."]
    assert asked(scope, reminders.claim, person, "s", NOW) == []
    asked(scope, reminders.release, person, [each.number for each in claimed])
    assert len(asked(scope, reminders.claim, person, "s", NOW)) == 1
    assert asked(scope, reminders.claim, person + 1, "s", NOW + timedelta(days=8)) == []  # told too long ago


def test_what_is_over_is_forgotten_after_half_a_year(scope, person):
    told(scope, person, A)
    told(scope, person)
    told(scope, person, now=NOW + timedelta(days=181))
    assert asked(scope, reminders.notices, person, "s") == []


def test_everything_is_wanted_until_somebody_chooses(scope, person):
    assert asked(scope, reminders.choices, person) == Choices(KINDS, True, True)
    asked(scope, reminders.choose, person, Choices(("form",), False, True), NOW)
    assert asked(scope, reminders.choices, person) == Choices(("form",), False, True)
    asked(scope, reminders.choose, person, Choices((), False, False), NOW)
    assert asked(scope, reminders.choices, person) == Choices((), False, False)
    with pytest.raises(UsageError, match="no reminder of the kind other"):
        asked(scope, reminders.choose, person, Choices(("other",)), NOW)


def test_the_week_turns_once_and_only_for_who_knows_where_it_stood(scope, person):
    assert asked(scope, reminders.told_up_to, person) is None
    assert asked(scope, reminders.turn_week, person, None, NOW)
    assert not asked(scope, reminders.turn_week, person, None, NOW)
    assert asked(scope, reminders.told_up_to, person) == NOW
    assert asked(scope, reminders.choices, person) == Choices()  # which nobody chose yet


def test_another_tenant_knows_nothing_of_them(scope, other, person):
    told(scope, person, A)
    asked(scope, reminders.choose, person, Choices(("form",)), NOW)
    assert asked(other, reminders.notices, person, "s") == []
    assert asked(other, reminders.choices, person) == Choices()
    assert asked(other, reminders.people) == []
    assert [each.email for each in asked(scope, reminders.people)] == [LEAD]


def test_sight_is_what_may_be_seen_and_neither_name_nor_right_to_files(scope):
    assert sight_of(scope) == sight_of(replace(scope, email="x", permissions=scope.permissions - {EXPORT}))
    for less in (
        replace(scope, departments=("HOU",)),
        replace(scope, certificates=("C",)),
        replace(scope, permissions=scope.permissions - {"cycle"}),
        replace(scope, tenant_id=99),
    ):
        assert sight_of(less) != sight_of(scope)


# --- calendar feeds ---------------------------------------------------------------------------------------------------


def made(person) -> str:
    scope = scope_of_person(person, 1)
    with open_session(scope, write=True) as session:
        return feeds.make(session, person)


def test_a_feed_stands_for_its_person_as_they_are_now_and_is_kept_as_a_hash(scope, person):
    token = made(person)
    assert feeds.reader(token).email == LEAD
    people.add_user(LEAD, "champion", "ASH", ["HOU"])
    assert (feeds.reader(token).role, feeds.reader(token).departments) == ("champion", ("HOU",))
    assert feeds.reader(f"{token}x") is None
    with open_session(scope) as session:
        assert token not in str(vars(session.scalars(select(CalendarFeed)).one()))


def test_the_first_reading_of_a_day_is_written_down_and_no_other(scope, person):
    token, before = made(person), audit.entries(scope).height
    for _ in range(3):
        feeds.reader(token, "192.0.2.1")
    assert audit.entries(scope).height == before + 1
    assert audit.entries(scope, 1).select("action", "object", "origin").row(0) == (
        *("exported", "calendar feed", "192.0.2.1"),
    )


def test_a_new_address_ends_the_one_before_and_an_ended_one_opens_nothing(scope, person):
    first, second = made(person), made(person)
    assert feeds.reader(first) is None
    assert feeds.reader(second) is not None
    asked(scope_of_person(person, 1), feeds.end, person)
    assert feeds.reader(second) is None
    with pytest.raises(UsageError, match="no calendar feed"):
        asked(scope_of_person(person, 1), feeds.end, person)


def test_a_feed_dies_with_the_role_and_does_not_come_back_with_another(scope, person):
    token = made(person)
    people.add_user("admin@ash.example", "administrator", "ASH")
    members.end_access(scope, person)
    people.add_user(LEAD, "corporate_lead", "ASH")
    assert feeds.reader(token) is None
    token = made(person)
    people.add_user(LEAD, "corporate_lead", "ASH", may_export=False)
    assert feeds.reader(token) is None  # a calendar takes away what it shows
    people.add_user(LEAD, "corporate_lead", "ASH")
    assert feeds.reader(token) is None


def test_a_feed_dies_with_the_account(scope, person):
    token = made(person)
    people.disable_user(LEAD)
    assert scope_of_person(person, 1) is None
    assert feeds.reader(token) is None


def test_who_takes_no_files_away_makes_no_feed(scope, person):
    with pytest.raises(Forbidden, match="does not include"):
        asked(replace(scope, permissions=scope.permissions - {EXPORT}), feeds.make, person)


def test_too_many_addresses_that_open_nothing_are_told_to_wait(scope):
    tries = [feeds.refused(f"{number}", "192.0.2.1") for number in range(TRIES_OF_ADDRESS + 1)]
    assert tries == [True] * TRIES_OF_ADDRESS + [False]
