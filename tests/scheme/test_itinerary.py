"""What is wrong with an itinerary, in plain words."""

from datetime import date, time

from scheme.itinerary import MET, Meeting, checks, in_time

DAYS = (date(2027, 3, 1), date(2027, 3, 2))
SITES = {"S1": (None, None), "S2": (None, date(2027, 3, 2))}


def meeting(day=DAYS[0], begins=9, ends=10, site="S1", met=tuple(MET), elements=("1.1.1",)) -> Meeting:
    return Meeting(day, time(begins), time(ends), site, met, "", elements, "")


def said(*meetings, scope=("1.1.1",)) -> list[str]:
    return checks(meetings, scope, DAYS, SITES)


def test_a_sound_itinerary_has_nothing_said_of_it():
    assert said(meeting(), meeting(begins=10, ends=11), meeting(DAYS[1])) == []


def test_customers_staff_and_partners_are_to_be_met():
    assert said(meeting(met=("staff",))) == ["Nobody is to meet customers.", "Nobody is to meet partners."]
    assert len(said(scope=())) == 3


def test_elements_of_the_scope_in_no_row_and_rows_with_others_are_told_in_code_order():
    told = said(meeting(elements=("1.1.2",)), scope=("1.1.10", "1.1.9"))
    assert told == ["In the scope and in no row: 1.1.9, 1.1.10.", "Row 1 names what is not in the scope: 1.1.2."]


def test_a_day_outside_the_review_is_told():
    assert said(meeting(date(2027, 3, 3))) == ["Row 1 is on 3 March 2027, which is no day of the review."]
    assert said(meeting(date(2027, 2, 28))) == ["Row 1 is on 28 February 2027, which is no day of the review."]


def test_two_rows_at_one_time_are_told():
    told = said(meeting(), meeting(begins=9, ends=11), meeting(DAYS[1], begins=9))
    assert told == ["Rows 1 and 2 are at one time on 1 March 2027."]


def test_a_site_of_another_certificate_or_out_of_scope_that_day_is_told():
    assert said(meeting(site="S9")) == ["Row 1 is at S9, which is no site of this certificate."]
    assert said(meeting(site="S2")) == []
    assert said(meeting(DAYS[1], site="S2")) == ["Row 1 is at S2, which is not in scope on 2 March 2027."]


def test_rows_come_in_order_of_time():
    late, early = meeting(DAYS[1]), meeting(begins=11, ends=12)
    assert in_time([late, early, meeting()]) == [meeting(), early, late]
