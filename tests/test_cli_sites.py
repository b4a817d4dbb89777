"""``camscan sites``: a table is tried before it is taken, and register and configuration agree afterwards."""

from __future__ import annotations

from pathlib import Path

import made_once
import pytest
from command_line import Camscan, contents
from sample_report import camera, report

from camscan.asset import Place
from camscan.register import Edit, open_register

TABLE = """\
cidr,site,uprn,type,sensitivity,controller,owner_service,network_zone,vlan
192.0.2.0/25,Town Hall,100000000001,office,1,own,Property,core,10
192.0.2.128/25,Town Hall,,,,,,segregated,40
10.9.0.0/24,Depot,,depot,3,landlord,Waste,,
"""
AUTHORISED = """\
authorisations:
- {role: Head of ICT, date: 2020-01-01, expires: 2999-12-31, cidrs: [192.0.2.0/24]}
"""


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    """A directory with a camscan.yaml and a register in it."""
    made_once.put(town_hall, workplace)
    return workplace


def town_hall(folder: Path) -> None:
    (folder / "camscan.yaml").write_text(AUTHORISED)
    (folder / "new.csv").write_text(TABLE)
    with open_register(folder / "camscan.db") as book:
        book.record(report(*map(camera, range(3)), site="Town Hall"))


class TestImport:
    @pytest.mark.parametrize("settings", ["", AUTHORISED])
    def test_a_public_network_needs_the_authorisation_that_a_scan_needs(
        self, camscan: Camscan, home: Path, settings: str
    ) -> None:
        (home / "camscan.yaml").write_text(settings)
        (home / "new.csv").write_text("cidr,site\n8.8.8.0/24,Depot\n")
        before = contents(home)
        for way in ((), ("--apply",)):
            code, out, err = camscan("sites", "import", "new.csv", *way)
            assert (code, out) == (2, "1 error: nothing was changed\n")
            assert err.startswith(
                "error: new.csv:2: 8.8.8.0/24 of Depot is not covered by any authorisation: it is not private"
            )
            assert contents(home) == before
        entry = "- {role: Head of ICT, date: 2020-01-01, expires: 31 March 2999, cidrs: [8.8.8.0/24]}"
        (home / "camscan.yaml").write_text(f"authorisations:\n{entry}\n")
        code, out, _ = camscan("sites", "import", "new.csv")
        assert code == 0
        assert "1 site with 1 network; 2 differences\n" in out

    def test_without_apply_nothing_changes(self, camscan: Camscan, home: Path) -> None:
        before = contents(home)
        code, out, err = camscan("sites", "import", "new.csv")
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "+ site Town Hall: uprn 100000000001, type office, sensitivity 1, controller own, owner_service Property",
            "+ 192.0.2.0/25 of Town Hall: controller own, network_zone core, vlan 10",
            "+ 192.0.2.128/25 of Town Hall: controller own, network_zone segregated, vlan 40",
            "+ site Depot: type depot, sensitivity 3, controller landlord, owner_service Waste",
            "+ 10.9.0.0/24 of Depot: controller landlord",
            "2 sites with 3 networks; 5 differences",
            "Nothing was changed; --apply does it",
        ]
        assert contents(home) == before

    def test_applied_the_register_and_the_configuration_agree(self, camscan: Camscan, home: Path) -> None:
        code, out, err = camscan("sites", "import", "new.csv", "--apply")
        assert (code, err) == (0, "")
        assert out.endswith("Written: camscan-sites.csv\nRegister camscan.db: the site map is up to date\n")
        with open_register(home / "camscan.db", readonly=True) as book:
            assert {place.name for place in book.sites()} == {"Town Hall", "Depot"}
            places = {row.place for row in book.devices()}
        assert places == {
            Place("Town Hall", "100000000001", "office", "1", "own", "Property", "core", "10", "192.0.2.0/25")
        }
        assert camscan("sites", "import", "new.csv", "--apply") == (
            0,
            "2 sites with 3 networks; no differences\n",
            "",
        )

    def test_the_next_table_replaces_the_last_but_not_camscan_yaml(self, camscan: Camscan, home: Path) -> None:
        pool = "sites:\n- name: Pool\n  type: leisure\n  cidrs: [10.50.0.0/24]\n"
        (home / "camscan.yaml").write_text(AUTHORISED + pool)
        camscan("sites", "import", "new.csv", "--apply")
        (home / "next.csv").write_text("cidr,site,type,sensitivity\n10.9.0.0/24,Depot,depot,2\n10.60.0.0/24,Pool,,\n")
        code, out, _ = camscan("sites", "import", "next.csv", "--apply")
        assert code == 0
        assert out.splitlines()[:-3] == [
            "+ 10.60.0.0/24 of Pool",
            "* site Depot: sensitivity 3 -> 2, controller landlord -> (nothing), owner_service Waste -> (nothing)",
            "* 10.9.0.0/24 of Depot: controller landlord -> (nothing)",
            "- site Town Hall",
            "- 192.0.2.0/25 of Town Hall",
            "- 192.0.2.128/25 of Town Hall",
        ]
        with open_register(home / "camscan.db", readonly=True) as book:
            # Devices were seen there, so what is known of the place stays.
            assert {(place.name, place.subnet) for place in book.sites()} == {
                ("Depot", ""),
                ("Depot", "10.9.0.0/24"),
                ("Pool", ""),
                ("Pool", "10.50.0.0/24"),
                ("Pool", "10.60.0.0/24"),
                ("Town Hall", ""),
            }

    def test_mistakes_change_nothing(self, camscan: Camscan, home: Path) -> None:
        (home / "bad.csv").write_text("cidr,site\n10.0.0.1/24,A\n10.0.1.0/24,B\n10.0.1.0/24,C\n")
        before = contents(home)
        code, out, err = camscan("sites", "import", "bad.csv", "--apply")
        assert (code, out) == (2, "2 errors: nothing was changed\n")
        assert err.splitlines() == [
            "error: bad.csv:2: '10.0.0.1/24' has address bits beyond its prefix; did you mean 10.0.0.0/24?",
            "error: bad.csv:4: 10.0.1.0/24 is a network of B in line 3; a network belongs to one site",
        ]
        assert contents(home) == before

    def test_what_contradicts_camscan_yaml_changes_nothing(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text("sites:\n- name: depot\n  type: school\n  cidrs: []\n")
        before = contents(home)
        code, _, err = camscan("sites", "import", "new.csv", "--apply")
        assert code == 2
        assert err == "error: new.csv:4: type of depot is 'depot' here and 'school' in camscan.yaml:2\n"
        assert contents(home) == before

    def test_a_network_has_one_site_over_both_files(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text("sites:\n- name: Pool\n  cidrs: [10.9.0.0/24]\n")
        code, _, err = camscan("sites", "import", "new.csv")
        assert code == 2
        assert err == (
            "error: new.csv:4: 10.9.0.0/24 is a network of Depot here and of Pool in camscan.yaml:3; keep one\n"
        )

    def test_a_table_that_could_not_be_read_is_mended_by_the_next(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan-sites.csv").write_text("cidr,site\nhost,A\n")
        assert camscan("sites", "import", "new.csv", "--apply")[0] == 0
        assert camscan("sites", "list")[0] == 0

    def test_overlaps_are_explained(self, camscan: Camscan, home: Path) -> None:
        (home / "new.csv").write_text(
            TABLE + "192.0.2.192/26,Oak School,,school,2,school,,,\n192.0.2.192/26,Oak School\n"
        )
        code, _, err = camscan("sites", "import", "new.csv")
        assert code == 0
        assert err.splitlines() == [
            (
                "warning: new.csv:5: 192.0.2.192/26 of Oak School lies within 192.0.2.128/25 of Town Hall: its "
                "devices belong to"
                " Oak School"
            ),
            "warning: new.csv:6: 192.0.2.192/26 is already in line 5; this line adds nothing",
        ]

    def test_without_camscan_yaml(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").unlink()
        code, _, err = camscan("sites", "import", "new.csv")
        assert (code, err) == (
            2,
            "camscan: there is no camscan.yaml: make one with `camscan config init`\n",
        )

    def test_without_a_register_none_is_made(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.db").unlink()
        assert camscan("sites", "import", "new.csv", "--apply")[0] == 0
        assert not (home / "camscan.db").exists()


class TestListAndShow:
    @pytest.fixture(autouse=True)
    def taken(self, camscan: Camscan) -> None:
        camscan("sites", "import", "new.csv", "--apply")

    def test_list(self, camscan: Camscan) -> None:
        code, out, err = camscan("sites", "list")
        assert (code, err) == (0, "")
        assert [line.split("  ")[0] for line in out.splitlines()] == ["Site", "Town Hall", "Depot"]
        assert [cell.strip() for cell in out.splitlines()[1].split("  ") if cell.strip()] == [
            "Town Hall",
            "192.0.2.0/25, 192.0.2.128/25",
            "256",
            "3",
            "2026-03-02",
            "2999-12-31",
        ]
        assert out.splitlines()[2].split() == ["Depot", "10.9.0.0/24", "256", "0", "never"]

    def test_devices_elsewhere_are_counted(self, camscan: Camscan, home: Path) -> None:
        with open_register(home / "camscan.db") as book:
            book.record(report(camera(9, ip="198.51.100.1"), scan_id="two", targets=("198.51.100.0/24",)))
        assert camscan("sites", "list")[1].endswith(
            "1 device in the register at none of these sites. A scan of a site adds its devices.\n"
        )

    def test_show(self, camscan: Camscan) -> None:
        code, out, err = camscan("sites", "show", "town hall")
        assert (code, err) == (0, "")
        lines = [line.split(maxsplit=1) for line in out.splitlines()[1:]]
        assert out.splitlines()[0] == "Town Hall"
        assert ["uprn", "100000000001"] in lines
        assert ["network", "192.0.2.128/25  network_zone segregated, vlan 40"] in lines
        assert ["authorised", "by  Head of ICT, until 2999-12-31 (in force now)"] in lines
        assert ["devices", "3"] in lines
        assert any(line[0] == "scan" and "complete, 3 devices" in line[1] for line in lines)

    def test_without_the_configuration_the_register_knows(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").unlink()
        assert [line.split("  ")[0] for line in camscan("sites", "list")[1].splitlines()] == [
            "Site",
            "Depot",
            "Town Hall",
        ]
        assert camscan("sites", "show", "depot")[1].splitlines()[0] == "Depot"

    def test_without_a_site_map_those_that_people_named(self, camscan: Camscan) -> None:
        with open_register("people.db") as book:
            book.record(report(camera(1)))
            book.edit_entries(
                [Edit(book.devices()[0].asset_id, "site_name", "Library")], role="CCTV manager", how="test"
            )
        Path("camscan.yaml").unlink()
        assert [
            line.split()[:3] for line in camscan("sites", "list", "--register", "people.db")[1].splitlines()[1:]
        ] == [["Library", "0", "1"]]

    def test_a_site_that_does_not_exist(self, camscan: Camscan) -> None:
        code, out, err = camscan("sites", "show", "Dept")
        assert (code, out) == (2, "")
        assert err == "camscan: camscan.yaml:1: there is no site 'Dept'; did you mean 'Depot'?\n"


def test_no_sites_at_all(camscan: Camscan) -> None:
    open_register("empty.db").close()
    code, _, err = camscan("sites", "list", "--register", "empty.db")
    assert (code, err) == (
        2,
        "camscan: no site is listed in camscan.yaml; see `camscan config init` and `camscan sites import`\n",
    )
