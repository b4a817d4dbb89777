"""Sites and authorisations of camscan.yaml: what is known of places, who allows what at which hour, tables of sites."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.asset import Place
from camscan.asset.columns import BY_NAME
from camscan.config import Config, Site, Subnet, load_config, read_config
from camscan.config.sites_file import read_table, write_table
from camscan.errors import ConfigError, ScopeError
from camscan.net.scope import PRIVATE

LONDON = ZoneInfo("Europe/London")
SITES = """\
timezone: Europe/London
sites:
- name: Town Hall
  uprn: 100000000001
  type: Office
  sensitivity: 1
  controller: own
  owner_service: Property
  network_zone: core
  cidrs: [10.1.0.0/16]
- name: Depot
  type: depot
  subnets:
  - {cidr: 10.9.0.0/24, vlan: 40, network_zone: segregated, controller: landlord}
  - 10.1.5.0/24
  pace: normal
  exclusions: [10.9.0.77]
- name: Old Library
  cidrs: []
"""


def config(directory: Path, text: str) -> Config:
    path = directory / "camscan.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


class TestSites:
    def test_everything_that_is_said_of_a_site(self, tmp_path: Path) -> None:
        hall, depot, library = config(tmp_path, SITES).sites
        assert hall.place == Place("Town Hall", "100000000001", "office", "1", "own", "Property", "core")
        assert (hall.cidrs, hall.pace, hall.exclusions) == (networks("10.1.0.0/16"), "", ())
        assert depot.subnets[0] == Subnet(
            networks("10.9.0.0/24")[0], "40", "segregated", "landlord", f"{tmp_path / 'camscan.yaml'}:14"
        )
        assert (depot.pace, depot.exclusions) == ("normal", networks("10.9.0.77"))
        assert (library.name, library.cidrs) == ("Old Library", ())

    def test_a_subnet_may_differ_from_its_site(self, tmp_path: Path) -> None:
        places = {place.subnet: place for place in config(tmp_path, SITES).places()}
        assert places["10.9.0.0/24"] == Place(
            "Depot", "", "depot", "", "landlord", "", "segregated", "40", "10.9.0.0/24"
        )
        assert places["10.1.5.0/24"] == Place("Depot", type="depot", subnet="10.1.5.0/24")

    def test_the_smallest_network_says_where_an_address_is(self, tmp_path: Path) -> None:
        found = config(tmp_path, SITES)
        assert [
            place.name if (place := found.place_of(ip)) else None
            for ip in ("10.1.4.255", "10.1.5.0", "10.9.0.1", "10.2.0.1", "fe80::1%eth0")
        ] == ["Town Hall", "Depot", "Depot", None, None]
        assert found.networks_of_others(found.site("town hall")) == networks("10.1.5.0/24")
        assert found.networks_of_others(found.site("depot")) == ()

    def test_exclusions_are_those_of_the_file_and_of_the_site(self, tmp_path: Path) -> None:
        found = config(tmp_path, SITES + "exclusions: [10.1.9.0/24]\n")
        assert found.exclusions_of("Depot") == networks("10.1.9.0/24", "10.9.0.77")
        assert found.exclusions_of("Town Hall") == networks("10.1.9.0/24")
        assert found.exclusions_of() == networks("10.1.9.0/24", "10.9.0.77")

    @pytest.mark.parametrize(
        ("text", "line", "says"),
        [
            ("sites:\n- name: A\n", 2, "'cidrs' is missing; list its networks, or write [] for a place that no scan"),
            (
                "sites:\n- name: A\n  cidrs: []\n  type: offfice\n",
                4,
                "'offfice' is not one of: street, office, school,",
            ),
            ("sites:\n- name: A\n  cidrs: []\n  sensitivity: 5\n", 4, "'5' is not one of: 1, 2, 3, 4"),
            ("sites:\n- name: A\n  cidrs: []\n  controller:\n", 4, "no value"),
            ("sites:\n- name: A\n  cidrs: []\n  pace: slow\n", 4, "there is no pace 'slow'"),
            ("sites:\n- name: A\n  subnets:\n  - vlan: 3\n", 4, "'cidr' is missing"),
            ("sites:\n- name: A\n  subnets:\n  - cidr: 10.0.0.1/8\n", 4, "did you mean 10.0.0.0/8?"),
            ("timezone: Europe/Londn\n", 1, "'Europe/Londn' is not a time zone"),
            ("timezone: ../../etc/passwd\n", 1, "is not a time zone"),
            ("offline_after: 0\n", 1, "'0' is not a number of scans; it is a number from 1 to 1000"),
            ("role: ''\n", 1, "a name in one line"),
        ],
    )
    def test_mistakes(self, tmp_path: Path, text: str, line: int, says: str) -> None:
        with pytest.raises(ConfigError, match=re.escape(says)) as caught:
            config(tmp_path, text)
        assert str(caught.value).startswith(f"{tmp_path / 'camscan.yaml'}:{line}: ")

    def test_all_mistakes_are_found_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.yaml"
        path.write_text("pace: quick\nsites:\n- name: A\n- name: B\n  cidrs: [x]\n- name: C\n  cidrs: []\nrole: R\n")
        found, faults = read_config(path)
        assert [str(fault).removeprefix(str(path)).split(":")[1] for fault in faults] == ["3", "5", "1"]
        assert (found.role, [site.name for site in found.sites]) == ("R", ["C"])

    def test_a_wrong_name_brings_the_nearest(self, tmp_path: Path) -> None:
        found = config(tmp_path, SITES)
        with pytest.raises(ConfigError, match=r"there is no site 'Town Hal'; did you mean 'Town Hall'\?$"):
            found.site("Town Hal")
        many = "".join(f"- name: Place {number}\n  cidrs: []\n" for number in range(40))
        with pytest.raises(ConfigError, match=r"'X'; the sites are: Place 0, .*Place 11 and 28 more$"):
            config(tmp_path, f"sites:\n{many}").site("X")


AUTHORISED = """\
timezone: Europe/London
authorisations:
- role: Head of ICT
  date: 2026-03-01
  expires: 2026-11-30
  cidrs: [10.1.0.0/16, 192.0.2.0/24]
  window: 19:00-06:00
  days: [Mon-Thu]
- role: Head of Schools
  date: 2026-01-01
  expires: 2026-12-31
  cidrs: [10.1.128.0/17, 10.20.0.0/16]
"""


ENTRY = "authorisations:\n- role: R\n  date: 2026-01-01\n  expires: 2026-12-31\n  cidrs: [10.0.0.0/8]\n"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


class TestAuthorisations:
    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-03-02 18:59", False),  # a Monday
            ("2026-03-02 19:00", True),
            ("2026-03-03 05:59", True),
            ("2026-03-03 06:00", False),
            ("2026-03-02 03:00", False),  # Sunday's night is not one of its days
            ("2026-03-06 03:00", True),  # Thursday's night
            ("2026-03-06 19:00", False),
            ("2026-02-26 20:00", False),  # before its first day
            ("2026-11-30 23:59", True),  # its last day
            ("2026-12-01 00:00", False),
            # Wall clock: in summer 19:00 in London is 18:00 UTC.
            ("2026-07-06 19:00", True),
            ("2026-07-06 18:59", False),
        ],
    )
    def test_a_window(self, tmp_path: Path, moment: str, is_open: bool) -> None:
        found = config(tmp_path, AUTHORISED)
        assert (networks("192.0.2.0/24")[0] in found.authorised(local(moment))) is is_open

    @pytest.mark.parametrize(
        ("moment", "network", "says"),
        [
            (
                "2026-03-03 12:00",
                "10.1.2.0/24",
                "the authorisation by Head of ICT allows 19:00-06:00 Mon Tue Wed Thu only, ",
            ),
            ("2026-03-03 12:00", "10.1.2.0/24", "and it is Tue 12:00 ("),
            ("2026-02-03 12:00", "192.0.2.4/32", "Head of ICT begins on 2026-03-01 ("),
            ("2026-12-03 20:00", "192.0.2.4/32", "Head of ICT expired on 2026-11-30; renew it first ("),
            (
                "2026-03-03 20:00",
                "10.2.0.0/24",
                "10.2.0.0/24 is outside what is authorised: no entry under authorisations",
            ),
        ],
    )
    def test_why_not(self, tmp_path: Path, moment: str, network: str, says: str) -> None:
        found = config(tmp_path, AUTHORISED)
        with pytest.raises(ScopeError, match=re.escape(says)):
            found.require_authorised(networks(network), local(moment), private=PRIVATE)

    @pytest.mark.parametrize(
        ("hour", "asked", "is_allowed"),
        [
            ("20:00", ("10.1.0.0/16", "10.20.3.0/24"), True),  # the whole of one, a part of the other
            ("20:00", ("10.0.0.0/15", "10.20.3.0/24"), False),
            ("12:00", ("10.1.128.0/17",), True),  # outside the window of one, what the other allows of it
            ("12:00", ("10.1.128.0/17", "10.1.0.0/24"), False),
            ("12:00", ("10.1.0.0/16",), False),
        ],
    )
    def test_what_two_allow_together(self, tmp_path: Path, hour: str, asked: tuple[str, ...], is_allowed: bool) -> None:
        found = config(tmp_path, AUTHORISED)
        with contextlib.nullcontext() if is_allowed else pytest.raises(ScopeError):
            found.require_authorised(networks(*asked), local(f"2026-03-03 {hour}"), private=PRIVATE)

    def test_private_networks_need_none_until_one_is_written_for_any(self, tmp_path: Path) -> None:
        entry = "- {{role: R, date: 2026-01-01, expires: 2026-12-31, cidrs: [{}]}}\n"
        public = config(tmp_path, "authorisations:\n" + entry.format("203.0.113.0/24"))
        public.require_authorised(networks("10.2.0.0/24"), local("2026-03-03 12:00"), private=PRIVATE)
        both = config(tmp_path, "authorisations:\n" + entry.format("203.0.113.0/24, 10.1.0.0/16"))
        with pytest.raises(ScopeError, match=r"10\.2\.0\.0/24 is outside what is authorised"):
            both.require_authorised(networks("10.2.0.0/24"), local("2026-03-03 12:00"), private=PRIVATE)

    @pytest.mark.parametrize(
        ("network", "now", "until"),
        [
            ("192.0.2.0/24", "2026-03-02 20:00", "2026-03-03 06:00"),
            ("192.0.2.0/24", "2026-03-03 05:00", "2026-03-03 06:00"),
            ("192.0.2.0/24", "2026-11-30 20:00", "2026-12-01 00:00"),
            # Where another one goes on, the close of a window ends nothing.
            ("10.1.200.0/24", "2026-03-02 20:00", "2027-01-01 00:00"),
            ("10.20.0.0/16", "2026-03-02 20:00", "2027-01-01 00:00"),
            ("192.0.2.0/24", "2026-10-22 20:00", "2026-10-23 06:00"),
        ],
    )
    def test_until_when(self, tmp_path: Path, network: str, now: str, until: str) -> None:
        found = config(tmp_path, AUTHORISED)
        assert found.authorised_until(networks(network), local(now)) == local(until)

    def test_without_an_authorisation_nothing_ends_it(self, tmp_path: Path) -> None:
        assert config(tmp_path, SITES).authorised_until(networks("10.1.0.0/16"), local("2026-03-02 20:00")) is None

    @pytest.mark.parametrize(("utc", "left"), [("00:15", 15), ("01:15", 15)])
    def test_a_window_that_closes_in_the_hour_that_autumn_has_twice(self, tmp_path: Path, utc: str, left: int) -> None:
        text = AUTHORISED.replace("days: [Mon-Thu]", "days: [Sat]").replace("19:00-06:00", "19:00-01:30")
        now = datetime.fromisoformat(f"2026-10-25 {utc}Z")
        end = config(tmp_path, text).authorised_until(networks("192.0.2.0/24"), now)
        assert end is not None
        assert end.astimezone(UTC) - now == timedelta(minutes=left)

    def test_the_night_in_which_the_clocks_change(self, tmp_path: Path) -> None:
        text = AUTHORISED.replace("days: [Mon-Thu]", "days: [Sat]")
        end = config(tmp_path, text).authorised_until(networks("192.0.2.0/24"), local("2026-10-24 19:00"))
        assert end is not None
        assert end.astimezone(ZoneInfo("UTC")) - local("2026-10-24 19:00").astimezone(ZoneInfo("UTC")) == timedelta(
            hours=12
        )

    @pytest.mark.parametrize(
        ("window", "says"),
        [
            ("window: 7pm-6am", "'7pm-6am' is not a time window; write it as 19:00-06:00"),
            ("window: 25:00-06:00", "is not a time window"),
            ("window: 19:00-19:00", "it closes at the hour at which it opens"),
            ("days: [Mondy]", "'Mondy' is not a day; write it as Mon, or Mon-Fri"),
            ("days: []", "name at least one day"),
            ("days: Mon", "expected a list"),
        ],
    )
    def test_mistakes(self, tmp_path: Path, window: str, says: str) -> None:
        text = f"{ENTRY}  {window}\n"
        with pytest.raises(ConfigError, match=re.escape(says)) as caught:
            config(tmp_path, text)
        assert "camscan.yaml:6: " in str(caught.value)

    @pytest.mark.parametrize(
        ("lines", "says"),
        [
            ("window: 8:30 – 17:00", "08:30-17:00"),
            ("window: 00:00-24:00", "all day"),
            ("days: [Sat-Mon]", "all day Mon Sat Sun"),
            ("days: [saturday, SUN]", "all day Sat Sun"),
            ("window: 22:00-24:00\n  days: [Fri]", "22:00-00:00 Fri"),
        ],
    )
    def test_spellings(self, tmp_path: Path, lines: str, says: str) -> None:
        text = (
            f"authorisations:\n- role: R\n  date: 2026-01-01\n  expires: 2026-12-31\n  cidrs: [10.0.0.0/8]\n  {lines}\n"
        )
        assert str(config(tmp_path, text).authorisations[0].window) == says


HEADER = "cidr,site,uprn,type,sensitivity,controller,owner_service,network_zone,vlan\n"


class TestTable:
    def test_as_a_spreadsheet_writes_it(self) -> None:
        text = (
            "\ufeffSUBNET; Site Name ;Type;network-zone;VLAN ID;Remarks\r\n"
            "10.1.0.0/24;Town  Hall;Office;core;10;\r\n"
            ";;;;;\r\n"
            '10.1.1.0/24;town hall;;segregated;40;"in the\r\ncellar"\r\n'
            ";Old Library;library;;;\r\n"
        )
        table = read_table(text.encode(), "s.csv")
        assert table.faults == ()
        assert [note.partition(":1: ")[2][:23] for note in table.notes] == ["the column 'Remarks' is"]
        hall, library = table.sites
        assert [*hall.places()] == [
            Place("Town Hall", type="office"),
            Place("Town Hall", type="office", network_zone="core", vlan="10", subnet="10.1.0.0/24"),
            Place("Town Hall", type="office", network_zone="segregated", vlan="40", subnet="10.1.1.0/24"),
        ]
        assert [*library.places()] == [Place("Old Library", type="library")]
        assert hall.subnets[1].where == "s.csv:4"

    def test_what_one_line_says_holds_for_the_others(self) -> None:
        table = read_table(f"{HEADER}10.1.0.0/24,A,7,office,2,own,X,core,\n10.1.1.0/24,A,,,,,,,\n".encode(), "s.csv")
        (site,) = table.sites
        assert site.place == Place("A", "7", "office", "2", "own", "X", "core")
        assert {subnet.network_zone for subnet in site.subnets} == {""}

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_encodings_and_tabs(self, encoding: str) -> None:
        table = read_table("cidr\tsite\n10.1.0.0/24\tCaffè Nero – Süd\n".encode(encoding), "s.csv")
        assert [site.name for site in table.sites] == ["Caffè Nero – Süd"]

    @pytest.mark.parametrize(
        ("lines", "line", "says"),
        [
            ("10.1.2.3/24,A", 2, "'10.1.2.3/24' has address bits beyond its prefix; did you mean 10.1.2.0/24?"),
            ("fileserver,A", 2, "'fileserver' is not a network"),
            ("10.0.0.0/24,", 2, "no site; every line must name the site of"),
            ("10.0.0.0/24,A,,hall", 2, "type: 'hall' is not one of: street,"),
            (
                "10.0.0.0/24,A\n10.0.0.0/24,B",
                3,
                "10.0.0.0/24 is a network of A in line 2; a network belongs to one site",
            ),
            ("10.0.0.0/24,A,1\n10.0.1.0/24,a,2", 3, "uprn of A is '2' here and '1' in line 2; a site has one"),
            ("10.0.0.0/24,A,,,,,,,4\n10.0.0.0/24,A,,,,,,,5", 3, "VLAN of 10.0.0.0/24 is '5' here and '4' in line 2"),
            ("10.0.0.0/24,A,,,,,,,,more", 2, "10 cells under 9 headings"),
            ('10.0.0.0/24,"A', 2, "not CSV: "),
            ("10.0.0.0/24,A\x07", 2, "site: holds control characters"),
        ],
    )
    def test_mistakes_have_their_line(self, lines: str, line: int, says: str) -> None:
        table = read_table(f"{HEADER}{lines}\n".encode(), "s.csv")
        assert table.sites == ()
        (fault,) = table.faults
        assert str(fault).startswith(f"s.csv:{line}: {says}")

    @pytest.mark.parametrize(
        ("heading", "says"),
        [
            ("", "no column 'cidr'; the first line names the columns"),
            ("cidr,type", "no column 'site'"),
            ("cidr,site,site name", "the column 'site' is listed twice"),
            ("cidr,site,contoller", "unknown column 'contoller'; did you mean 'controller'?"),
        ],
    )
    def test_mistakes_in_the_heading(self, heading: str, says: str) -> None:
        (fault,) = read_table(f"{heading}\n10.0.0.0/24,A\n".encode(), "s.csv").faults
        assert str(fault).startswith(f"s.csv:1: {says}")

    def test_the_same_line_twice_does_no_harm(self) -> None:
        table = read_table(f"{HEADER}10.0.0.0/24,A\n10.0.0.0/24,A\n".encode(), "s.csv")
        assert len(table.sites[0].subnets) == 1
        assert table.notes == ("s.csv:3: 10.0.0.0/24 is already in line 2; this line adds nothing",)

    def test_no_spreadsheet_is_read_as_text(self) -> None:
        with pytest.raises(ConfigError, match="this is not a CSV file; save the sheet as 'CSV UTF-8'"):
            read_table(b"PK\x03\x04\x14\x00\x00\x00", "s.xlsx")

    NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=12).filter(
        lambda text: text.isprintable()
    )

    @given(
        st.lists(
            st.builds(
                lambda name, kind, zone, subnets: Site(
                    Place(name, type=kind, network_zone=zone),
                    subnets=tuple(
                        Subnet(ipaddress.IPv4Network((number << 8, 24)), vlan, "" if own == zone else own)
                        for number, vlan, own in subnets
                    ),
                ),
                NAMES,
                st.sampled_from(["", *BY_NAME["site_type"].choices]),
                st.sampled_from(["", "core"]),
                st.lists(
                    st.tuples(
                        st.integers(0, 2**24 - 1), st.sampled_from(["", "40"]), st.sampled_from(["", "segregated"])
                    ),
                    max_size=4,
                    unique_by=lambda one: one[0],
                ),
            ),
            max_size=5,
            unique_by=(lambda site: site.name.casefold(), lambda site: site.cidrs[:1] or site.name),
        )
    )
    def test_what_is_written_is_read_again(self, sites: list[Site]) -> None:
        taken: set[object] = set()
        apart = []
        for site in sites:
            if not taken & {*site.cidrs}:
                taken |= {*site.cidrs}
                apart.append(site)
        table = read_table(write_table(apart).encode(), "s.csv")
        assert table.faults == ()
        normal = [place for site in apart for place in site.places()]
        found = [place for site in table.sites for place in site.places()]
        assert [(place.subnet, place.vlan, place.type) for place in found] == [
            (place.subnet, place.vlan, place.type) for place in normal
        ]
        effective = [place for place in found if place.subnet]
        assert [place.network_zone for place in effective] == [place.network_zone for place in normal if place.subnet]

    @given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
    def test_any_bytes_are_a_table_or_one_line_of_trouble(self, content: bytes) -> None:
        for prefix in (b"", HEADER.encode()):
            try:
                table = read_table(prefix + content, "s.csv")
            except ConfigError as error:
                assert str(error).startswith("s.csv:1: ")  # noqa: PT017 - some bytes may raise, the others not
            else:
                assert not (table.faults and table.sites)
                assert all(re.match(r"s\.csv:\d+: ", str(fault)) for fault in table.faults)


class TestBoth:
    def test_both_are_one_map(self, tmp_path: Path) -> None:
        (tmp_path / "camscan-sites.csv").write_text(
            f"{HEADER}10.30.0.0/24,DEPOT,77,,2,,,,\n10.40.0.0/24,Pool,,leisure,,,,,\n"
        )
        found = config(tmp_path, SITES)
        depot = found.site("depot")
        assert (depot.name, depot.place.ref, depot.place.sensitivity, depot.place.type) == ("Depot", "77", "2", "depot")
        assert networks("10.30.0.0/24")[0] in depot.cidrs
        assert depot.pace == "normal"
        assert found.site("Pool").cidrs == networks("10.40.0.0/24")

    def test_they_must_not_contradict_each_other(self, tmp_path: Path) -> None:
        (tmp_path / "camscan-sites.csv").write_text(f"{HEADER}10.30.0.0/24,Depot,,school,,,,,\n")
        with pytest.raises(
            ConfigError, match=r"camscan-sites\.csv:2: type of Depot is 'school' here and 'depot' in .*:11$"
        ):
            config(tmp_path, SITES)

    def test_a_table_that_is_named_must_exist(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"places\.csv: cannot be read: No such file"):
            config(tmp_path, "sites_file: places.csv\n")
        assert config(tmp_path, "").sites_file == tmp_path / "camscan-sites.csv"

    def test_hundreds_are_read_at_once(self, tmp_path: Path) -> None:
        lines = [
            f"10.{number >> 8}.{number & 255}.0/24,Site {number % 100},,office,3,own,Property,,{number}"
            for number in range(500)
        ]
        (tmp_path / "camscan-sites.csv").write_text(HEADER + "\n".join(lines))
        found = config(tmp_path, "")
        assert (len(found.sites), len(found.scope_networks())) == (100, 500)
        assert found.place_of("10.1.243.9") == Place(
            "Site 99", "", "office", "3", "own", "Property", "", "499", "10.1.243.0/24"
        )
