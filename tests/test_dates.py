"""Days as people write them."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.dates import days_in_words, read_day, start_of_day

DAY = date(2027, 3, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2027-03-31", "20270331", "2027-3-31", "2027-03-31 00:00:00", "2027-03-31T00:00:00Z", " 2027-03-31 "),
        *("31/03/2027", "31/3/2027", "31/03/27", "31.03.2027", "31-03-2027"),
        *("31 March 2027", "31st March 2027", "31 Mar 2027", "31-Mar-27", "31-MAR-2027", "31/Mar/2027", "31 mar. 27"),
        *("Wednesday 31 March 2027", "Wed, 31 Mar 2027", "31 March, 2027", "31st of March 2027", "31 MARCH 2027"),
        *("2027/03/31", "2027.03.31", "31 03 2027", "31 / 3 / 2027", "31/03/2027 00:00", "31/03/2027 00:00:00"),
        *("31Mar27", "31mar2027", "31 Mar '27", "31 March \u201927", "31\u201303\u20132027", "31\u00a0March\u00a02027"),
        *("March 31, 2027", "Mar 31st 2027"),
    ],
)
def test_one_day_in_many_forms(text: str) -> None:
    assert read_day(text) == DAY


@pytest.mark.parametrize("text", ["1 Sept 2027", "1 sep 27", "01/09/2027", "1st September 2027"])
def test_september_has_three_short_forms(text: str) -> None:
    assert read_day(text) == date(2027, 9, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "31/02/2027", "2027-02-31", "03/31/2027", "2027-03-31 12:30", "31/03", "March 2027", "2027"),
        *("2027-03/31", "31/03/2027 08:30", "March 31", "31 of 2027", "2027-31-03"),
        *("31 Marz 2027", "2027-W13-3", "31/03/20277", "00/01/2027", "1/1/0000", "٣١/٠٣/٢٠٢٧", "31 0 2027", "12:00"),
    ],
)
def test_what_is_not_a_day_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date; write it as 2027-03-31, 31/03/2027 or 31 March 2027$"):
        read_day(text)


@pytest.mark.parametrize("text", ["0001-01-01", "1/1/1899", "31 December 9999", "9999-12-31"])
def test_a_day_too_early_or_late_to_compute_with_is_reported(text: str) -> None:
    with pytest.raises(ValueError, match=r"is centuries away; is the year right\? Write it as 2027-03-31"):
        read_day(text)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_form_of_a_day_is_that_day(day: date) -> None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d %B %Y", "%d-%b-%y", "%A %d %b %Y"):
        assert read_day(day.strftime(form)) == day


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_a_sentence(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_day(text).year >= 1


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1900, 1, 1), date(1969, 12, 31), DAY, date(9999, 12, 31)])
def test_every_day_has_a_beginning(day: date) -> None:
    begins = start_of_day(day)
    assert begins.tzinfo is not None
    assert begins.date() == day
    assert not begins.hour


def test_days_within_a_text_are_spelled_and_what_only_looks_like_one_stays() -> None:
    text = "2026-03-03 to 2026-11-30, part 1234-99-01, 12026-03-031"
    assert days_in_words(text) == "3 March 2026 to 30 November 2026, part 1234-99-01, 12026-03-031"
