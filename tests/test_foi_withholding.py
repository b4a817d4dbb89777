"""What is withheld cannot be worked out: tried by going through every table that a reader would hold possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from examples import examples
from hypothesis import given as tried_with
from hypothesis import strategies as st

from camscan.foi.arithmetic import Sum, Sums, is_undetermined
from camscan.foi.comparing import Disclosure, GivenTable, ReleasedPack, compare_packs, given_table
from camscan.foi.questions import NONE_KNOWN, NOT_RECORDED
from camscan.foi.tables import Row, Stance, Table, make_table
from camscan.foi.withholding import propose_withholding, without_single_prices

NAMES = "abcdef"
ANY = "+".join(NAMES)
"""Of what devices support: the row of those that support any of it."""
MOST = 7


def counted(counts: Mapping[str, int], *, shows_none: bool = True, is_ordered: bool = False) -> Table:
    """A table of these; 'z' is what is not recorded."""

    def stance(key: str, number: int) -> Stance:
        if key == NOT_RECORDED:
            return Stance.OPEN
        return Stance.COUNTED if number or not shows_none else Stance.ZERO

    rows = [Row(frozenset({key}), f"Kind {key}", number, stance(key, number)) for key, number in counts.items()]
    if is_ordered:  # years without any are not listed
        rows = [row for row in rows if row.devices or row.stance is Stance.OPEN]
    return make_table("places", "Places", "", rows, shows_none=shows_none, is_ordered=is_ordered)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = NAMES[: draw(st.integers(1, 4))]
    counts = {name: draw(st.integers(0, MOST)) for name in names}
    if draw(st.booleans()):
        counts[NOT_RECORDED] = draw(st.integers(0, MOST))
    shows_none = draw(st.booleans())
    return counted(counts, shows_none=shows_none, is_ordered=shows_none and draw(st.booleans()))


def possible(packs: Sequence[GivenTable]) -> Iterator[Mapping[str, int]]:
    """Every set of counts that fits all packs, of which nothing changed in between."""
    keys = sorted({key for pack in packs for row in pack.rows for key in row.keys})
    most = max((pack.total for pack in packs), default=0)
    fixed = {row.keys[0]: row.devices for pack in packs for row in pack.rows if len(row.keys) == 1 and row.devices}
    for numbers in product(*(range(most + 1) if key not in fixed else [fixed[key]] for key in keys)):
        counts = dict(zip(keys, numbers, strict=True))
        if all(fits(pack, counts) for pack in packs):
            yield counts


def fits(pack: GivenTable, counts: Mapping[str, int]) -> bool:
    own = [key for row in pack.rows for key in row.keys]
    if sum(counts[key] for key in own) != pack.total or any(counts[key] for key in counts.keys() - {*own}):
        return False
    shows_none = any(row.devices == 0 and not row.is_open for row in pack.rows)
    for row in pack.rows:
        if shows_none and len(row.keys) > 1 and not all(counts[key] for key in row.keys):
            return False  # who sees a "none" elsewhere takes it that there are some here
        number = sum(counts[key] for key in row.keys)
        if number < pack.lowest if row.devices is None else number != row.devices:
            return False
    return True


def known(packs: Sequence[GivenTable]) -> set[str]:
    """Categories that can be worked out."""
    values: dict[str, set[int]] = {}
    for counts in possible(packs):
        for key, number in counts.items():
            values.setdefault(key, set()).add(number)
    return {key for key, numbers in values.items() if len(numbers) == 1}


def concealed(pack: GivenTable) -> set[str]:
    return {key for row in pack.rows if row.devices is None or len(row.keys) > 1 for key in row.keys}


@tried_with(tables(), st.integers(3, 6))
@examples(400)
def test_nothing_that_is_withheld_or_merged_can_be_worked_out(found: Table, threshold: int) -> None:
    shown = given_table(propose_withholding(found, threshold))
    assert not concealed(shown) & known([shown])


@tried_with(tables(), st.integers(3, 6))
@examples(200)
def test_no_small_number_is_given_unless_the_total_gives_it(found: Table, threshold: int) -> None:
    shown = propose_withholding(found, threshold)
    rest = shown.total - sum(row.devices for row in shown.rows if row.stance is Stance.OPEN)
    for row in shown.rows:
        if row.stance is Stance.COUNTED and not row.is_withheld and found.total:
            assert row.devices >= threshold or row.devices == rest


@tried_with(tables(), st.integers(3, 6))
@examples(200)
def test_totals_and_categories_stay(found: Table, threshold: int) -> None:
    shown = propose_withholding(found, threshold)
    assert (shown.total, shown.original) == (found.total, found.original)
    assert sum(row.devices for row in shown.rows) == found.total
    assert frozenset().union(*(row.keys for row in shown.rows)) == {key for row in found.rows for key in row.keys}
    withheld = [row for row in shown.rows if row.is_withheld]
    assert len(withheld) != 1
    assert all(row.stance is not Stance.OPEN for row in withheld)
    assert 3 * len(withheld) <= len(shown.rows)


@tried_with(st.lists(st.sets(st.sampled_from("abc")), min_size=1, max_size=9), st.integers(3, 6))
@examples(300)
def test_what_few_devices_support_cannot_be_worked_out(devices: list[set[str]], threshold: int) -> None:
    shown = given_table(propose_withholding(supporting(devices), threshold))
    fitting = [
        (counts, some)
        for some in range(len(devices) + 1)
        for counts in product(range(some + 1), repeat=3)
        if max(counts) <= some <= sum(counts) and fits_support(shown, dict(zip("abc", counts, strict=True)), some)
    ]
    assert fitting
    withheld = {key for row in shown.rows if row.devices is None for key in row.keys}
    if ANY in withheld or NONE_KNOWN in withheld:
        assert len({some for _, some in fitting}) > 1
    for key in withheld & {*"abc"}:
        assert len({counts["abc".index(key)] for counts, _ in fitting}) > 1


def supporting(devices: Sequence[set[str]]) -> Table:
    """A table of what devices support."""
    numbers = {key: sum(key in each for each in devices) for key in NAMES}
    rows = [
        Row(frozenset({key}), key, number, Stance.COUNTED if number else Stance.ZERO) for key, number in numbers.items()
    ]
    rows.append(Row(frozenset({NONE_KNOWN}), "None", sum(not each for each in devices), Stance.OPEN))
    original = {key: row.devices for row in rows for key in row.keys}
    return Table("capabilities", "Can", "", tuple(rows), len(devices), is_partition=False, original=original)


def fits_support(shown: GivenTable, counts: Mapping[str, int], some: int) -> bool:
    """Whether so many devices that support each, and so many that support any, are what a reader holds possible."""
    for row in shown.rows:
        (key,) = row.keys
        number = {NONE_KNOWN: shown.total - some, ANY: some}.get(key, counts.get(key, 0))
        if row.devices is None:
            if key in counts and not number:
                return False
        elif number != row.devices:
            return False
    return True


@st.composite
def same_estate(draw: st.DrawFn) -> list[Table]:
    """One estate in several packs that withhold otherwise: another threshold, nothing, or other rows merged."""
    counts = {name: draw(st.integers(0, MOST)) for name in NAMES[: draw(st.integers(2, 4))]}
    shows_none = draw(st.booleans())
    found = counted(counts, shows_none=shows_none)
    packs = []
    for _ in range(draw(st.integers(2, 3))):
        how = draw(st.sampled_from(["proposed", "proposed", "all", "hidden"]))
        if how == "proposed":
            packs.append(propose_withholding(found, draw(st.integers(3, 8))))
        elif how == "all":
            packs.append(found)
        else:
            hidden = draw(st.sets(st.sampled_from(sorted(counts)), min_size=2))
            packs.append(
                replace(
                    found,
                    rows=tuple(
                        replace(row, is_withheld=row.stance is Stance.COUNTED and row.keys <= hidden)
                        for row in found.rows
                    ),
                )
            )
    return packs


@tried_with(same_estate())
@examples(400)
def test_a_pack_is_never_released_unwarned_where_several_together_give_away_what_one_withheld(
    packs: list[Table],
) -> None:
    *old, new = packs
    released = [ReleasedPack(f"FOI-{n}", date(2026, 1, n + 1), (given_table(each),)) for n, each in enumerate(old)]
    warned = {key for each in compare_packs([new], released, 5) for key in each.keys}
    before, together = known([given_table(each) for each in old]), known(list(map(given_table, packs)))
    assert (concealed(given_table(new)) & together) - known([given_table(new)]) <= warned
    assert set().union(*(concealed(given_table(each)) for each in old)) & together - before <= warned


class TestExamples:
    def test_a_small_number_takes_the_next_larger_with_it(self) -> None:
        rows = {"a": 40, "b": 12, "c": 3, "d": 9, "e": 20, "f": 30}
        shown = propose_withholding(counted(rows), 5)
        assert [row.is_withheld for row in shown.rows] == [False, False, True, True, False, False]

    def test_where_a_third_would_go_rows_are_merged_and_none_is_withheld(self) -> None:
        shown = propose_withholding(counted({"a": 40, "b": 12, "c": 3, "d": 2}), 5)
        assert [(row.label, row.devices) for row in shown.rows] == [
            ("Kind a", 40),
            ("Kind b", 12),
            ("Kind c and kind d, together", 5),
        ]

    def test_years_are_merged_with_their_neighbours(self) -> None:
        years = {"2015/16": 2, "2016/17": 30, "2018/19": 1, "2020/21": 3, "2021/22": 2}
        shown = propose_withholding(counted(years, is_ordered=True), 5)
        assert [(row.label, row.devices) for row in shown.rows] == [
            ("Kind 2015/16 to Kind 2016/17", 32),
            ("Kind 2018/19 to Kind 2021/22", 6),
        ]

    def test_the_last_years_join_those_before_them(self) -> None:
        shown = propose_withholding(counted({"2015/16": 30, "2018/19": 2, NOT_RECORDED: 3}, is_ordered=True), 5)
        assert [(row.label, row.devices) for row in shown.rows] == [
            ("Kind 2015/16 to Kind 2018/19", 32),
            (f"Kind {NOT_RECORDED}", 3),
        ]

    def test_where_all_years_are_small_nobody_learns_which_they_are(self) -> None:
        for years in ({"2015/16": 2, "2018/19": 1}, {"2018/19": 4}):
            shown = propose_withholding(counted(years, is_ordered=True), 5)
            assert [(row.label, row.devices) for row in shown.rows] == [("All years together", sum(years.values()))]

    def test_merged_rows_stand_where_the_first_of_them_stood(self) -> None:
        shown = propose_withholding(counted({"a": 40, "b": 2, "c": 12, "d": 1, "e": 3}), 5)
        assert [row.label for row in shown.rows] == ["Kind a", "Kind b, kind d and kind e, together", "Kind c"]

    def test_five_times_one_is_not_given_away_by_its_sum(self) -> None:
        shown = propose_withholding(counted({**dict.fromkeys("abcde", 1), **dict.fromkeys("fghijklmnopqrst", 9)}), 5)
        assert sum(row.is_withheld for row in shown.rows) == 6

    def test_rows_that_are_alike_are_not_given_away_by_the_rule(self) -> None:
        """Three times 4 make 12, and no other three numbers below 5 do."""
        counts = {"a": 4, "b": 4, "c": 4, "d": 7, **dict.fromkeys("efghijkl", 30)}
        shown = propose_withholding(counted(counts), 5)
        assert [row.label for row in shown.rows if row.is_withheld] == ["Kind a", "Kind b", "Kind c", "Kind d"]

    def test_none_at_all_is_always_answered(self) -> None:
        found = counted(dict.fromkeys("abcd", 0), shows_none=False)
        assert propose_withholding(found, 5) == found

    def test_what_is_not_recorded_is_never_withheld(self) -> None:
        found = counted({"a": 40, NOT_RECORDED: 2})
        assert propose_withholding(found, 5) == found

    def test_of_what_devices_support_two_are_withheld_or_all_is_one_row(self) -> None:
        def shown(numbers: Sequence[int], without: int) -> list[tuple[int, bool]]:
            rows = [
                Row(frozenset({f"c{n}"}), f"Can {n}", each, Stance.COUNTED if each else Stance.ZERO)
                for n, each in enumerate(numbers)
            ]
            rows.append(Row(frozenset({NONE_KNOWN}), "None", without, Stance.OPEN))
            original = {key: row.devices for row in rows for key in row.keys}
            found = Table("capabilities", "Can", "", tuple(rows), 100, is_partition=False, original=original)
            return [(row.devices, row.is_withheld) for row in propose_withholding(found, 5).rows]

        assert shown([2, 9, 30, 0, 0, 0], 60) == [
            *((2, True), (9, True), (30, False), (0, False), (0, False), (0, False), (60, False)),
        ]
        assert shown([2, 3, 1, 0, 0, 0], 94) == [(6, False), (94, False)]
        assert shown([1, 0, 0, 0, 0, 0], 99) == [(1, True), (99, True)]
        assert shown([9, 0, 7, 0, 0, 0], 90) == [(each, False) for each in (9, 0, 7, 0, 0, 0, 90)]


class TestPrices:
    def priced(self, *rows: tuple[int, set[tuple[int, int]]]) -> list[bool]:
        found = [
            Row(frozenset({str(n)}), str(n), 9, priced=9, pence=pence, lots=frozenset(lots))
            for n, (pence, lots) in enumerate(rows)
        ]
        shown = without_single_prices(make_table("bought", "Bought", "", found, is_ordered=True, has_prices=True))
        return [row.is_price_withheld for row in shown.rows]

    def test_the_price_of_one_contract_for_one_site_goes_and_another_with_it(self) -> None:
        several = {(1, 1), (2, 2)}
        assert self.priced((500, {(1, 1)}), (900, several), (700, several)) == [True, False, True]
        assert self.priced((500, {(1, 1)}), (900, {(2, 1)}), (700, several)) == [True, True, False]
        assert self.priced((500, {(1, 1), (1, 2)}), (900, several)) == [False, False]
        assert self.priced((500, {(1, 1)})) == [True]  # the total says it, as every total does


class TestArithmetic:
    def test_sums_of_sums(self) -> None:
        def sum_(keys: str, number: int) -> Sum:
            return Sum(frozenset(keys), number)

        found = Sums([sum_("abc", 10), sum_("bcd", 9), sum_("d", 2)])
        assert found.value_of("a") == 3
        assert found.value_of("bc") == 7
        assert found.value_of("b") is None
        found.add_sum(sum_("ab", 5))
        assert found.value_of("b") == 2
        assert found.value_of("c") == 5

    @pytest.mark.parametrize(
        ("sums", "some", "is_one_of_several"),
        [
            ({"ab": 10}, "", True),
            ({"ab": 0}, "", False),
            ({"ab": 2}, "", True),
            ({"ab": 2}, "ab", False),
            ({"ab": 10, "cd": 10, "ac": 20}, "", False),
            ({"ab": 400, "bcd": 700}, "", True),
            ({"b": 4}, "", True),
            ({"a": 4, "ab": 3}, "", True),
        ],
    )
    def test_more_than_one_possibility(self, sums: dict[str, int], some: str, is_one_of_several: bool) -> None:
        known_sums = [Sum(frozenset(keys), number) for keys, number in sums.items()]
        assert is_undetermined("a", known_sums, some) is is_one_of_several


def released(*shown: Table, reference: str = "FOI-1", day: date = date(2026, 3, 3)) -> ReleasedPack:
    return ReleasedPack(reference, day, tuple(map(given_table, shown)))


def hiding(found: Table, keys: str) -> Table:
    return replace(found, rows=tuple(replace(row, is_withheld=min(row.keys) in keys) for row in found.rows))


class TestComparison:
    """Against packs that were released before."""

    def test_kinds_of_which_there_are_none_are_merged_too(self) -> None:
        shown = given_table(propose_withholding(counted({"a": 1, "b": 1, "c": 0}), 5))
        assert [(row.label, row.devices) for row in shown.rows] == [("Kind a, kind b and kind c, together", 2)]
        assert not known([shown])

    def test_a_withheld_number_of_at_least_one_may_follow_from_a_sum_of_two(self) -> None:
        found = counted({"a": 1, "b": 1, "c": 5, "d": 40})
        new = hiding(found, "abc")
        old = replace(found, rows=(Row(frozenset("ab"), "a and b", 2), *found.rows[2:]))
        warned = compare_packs([new], [released(old)], 5)
        assert {min(each.keys) for each in warned} == {"a", "b", "c"}
        assert warned[0].text == (
            "Places, 'Kind a': this pack does not give it; with FOI-1 (3 March 2026) it can be worked out, if it has "
            "not changed since"
        )

    def test_what_was_withheld_before_is_not_given_later(self) -> None:
        found = counted({"a": 40, "b": 12, "c": 3})
        (warned, *others) = compare_packs([found], [released(hiding(found, "bc"))], 5)
        assert warned.text == (
            "Places, 'Kind b': FOI-1 (3 March 2026) does not give it; with this pack it can be worked out, if it has "
            "not changed since"
        )
        assert [min(each.keys) for each in others] == ["c"]

    def test_how_few_came_or_went_in_between(self) -> None:
        old, new = counted({"a": 40, "b": 12}), counted({"a": 38, "b": 12})
        (warned,) = compare_packs([new], [released(old)], 5)
        assert warned.text == ("Places, 'Kind a': 38 here and 40 in FOI-1 (3 March 2026); the difference is 2 devices")
        assert compare_packs([counted({"a": 35, "b": 12})], [released(old)], 5) == ()
        assert compare_packs([counted({"a": 36, "b": 12})], [released(old)], 5)
        assert compare_packs([old], [released(old)], 5) == ()

    def test_the_like_of_many_packs_is_reported_once_and_names_the_newest(self) -> None:
        old = counted({"a": 40, "b": 12})
        packs = [released(old, reference=f"FOI-{month}", day=date(2026, month, 1)) for month in range(1, 10)]
        (warned,) = compare_packs([counted({"a": 38, "b": 12})], packs, 5)
        assert warned.text == (
            "Places, 'Kind a': 38 here and 40 in FOI-9 (1 September 2026); the difference is 2 devices; the same "
            "follows from 8 other packs"
        )

    def test_of_what_is_withheld_together_too(self) -> None:
        old, new = hiding(counted({"a": 40, "b": 6, "c": 9}), "bc"), hiding(counted({"a": 40, "b": 6, "c": 8}), "bc")
        (warned,) = compare_packs([new], [released(old)], 5)
        assert "'Kind b and Kind c': 14 here and 15 in" in warned.text

    def test_rows_that_were_merged_otherwise_are_compared_by_their_sums(self) -> None:
        found = counted({"a": 40, "b": 12, "c": 9})
        old = replace(found, rows=(found.rows[0], Row(frozenset("bc"), "b and c", 21)))
        (changed, *revealed) = compare_packs([counted({"a": 40, "b": 11, "c": 9})], [released(old)], 5)
        assert "'Kind b and Kind c': 20 here and 21 in" in changed.text
        assert [min(each.keys) for each in revealed] == ["b", "c"]

    def test_years_that_a_pack_does_not_list_had_none(self) -> None:
        old = counted({"2020/21": 30}, is_ordered=True)
        new = counted({"2020/21": 30, "2021/22": 1}, is_ordered=True)
        (warned,) = compare_packs([new], [released(old)], 5)
        assert "'Kind 2021/22': 1 here and 0 in" in warned.text

    def test_the_same_few_devices_in_several_tables(self) -> None:
        def tables_of(number: int) -> list[Table]:
            counts = {"place": number, "type": number, "year": 12}
            return [
                replace(counted({"a": 40, "b": each}), id=name, title=f"By {name}") for name, each in counts.items()
            ]

        *_, linked = compare_packs(tables_of(13), [released(*tables_of(12))], 5)
        assert linked.learnt is Disclosure.LINK
        assert linked.text == (
            "By place and By type: each shows in which row a few devices changed since FOI-1 (3 March 2026); together "
            "they describe these devices"
        )

    def test_what_a_few_devices_cost(self) -> None:
        def bought(priced: int, pence: int) -> Table:
            lots = frozenset({(1, 1), (2, 2)})
            rows = [Row(frozenset({"2020/21"}), "2020/21", 30, priced=priced, pence=pence, lots=lots)]
            return make_table("bought", "Bought", "", rows, is_ordered=True, has_prices=True)

        warned = compare_packs([bought(21, 1200_00)], [released(bought(20, 1150_00))], 5)
        assert warned[0].text == (
            "Bought, '2020/21': the cost here minus the cost in FOI-1 (3 March 2026) is what 1 device cost"
        )
        assert compare_packs([bought(20, 1150_00)], [released(bought(20, 1150_00))], 5) == ()
        assert len(compare_packs([bought(26, 2150_00)], [released(bought(20, 1150_00))], 7)) == len(warned)
        assert compare_packs([bought(25, 2150_00)], [released(bought(20, 1150_00))], 5) == ()
        hidden = bought(21, 1200_00)
        hidden = replace(hidden, rows=(replace(hidden.rows[0], is_price_withheld=True),))
        (whole,) = compare_packs([hidden], [released(bought(20, 1150_00))], 5)
        assert whole.text.startswith("Bought, 'all together': ")
