"""The seam of ``camscan import``: forms, lines of any kind of text, and that no bytes break a reader."""

from __future__ import annotations

import codecs
import io
from datetime import UTC, datetime

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.errors import UsageError
from camscan.fingerprints import Database
from camscan.ingest import gather, sources, text
from camscan.ingest.gather import Findings
from camscan.ingest.source import Document, Entry, Form, Head, Host, Item, LeftOut, Problem, Source, open_document
from camscan.model import Attempt, Confidence, Device, Fact

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
HIKVISION = "44:19:b6:0a:0b:0c"
FORMS = [
    pytest.param(name, form, id=f"{name} {form.name}")
    for name in sources.source_names()
    for form in sources.load_source(name).forms
]


def lines(payload: bytes) -> list[str]:
    return [line.text for line in text.read_lines(payload[:100], io.BytesIO(payload[100:]))]


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def source(*items: Item) -> Source:
    """A source whose one form yields these items, whatever the file."""
    form = Form("made", "made up", lambda _head: True, lambda _document: iter(items))
    return Source("made", "tables", "MAC table", (form,))


def gathered(*items: Item) -> Findings:
    found = Findings(source(*items))
    found.read_document(open_document(found.source, "ct-2.txt", io.BytesIO(b"x"), NOON))
    return found


def devices(found: Findings, database: Database) -> list[Device]:
    return [device for device, _ in found.devices(database)]


@pytest.mark.parametrize("name", sources.source_names())
def test_a_source_is_complete(name: str) -> None:
    found = sources.load_source(name)
    assert found.name == name
    assert found.title
    assert found.noun
    names = [form.name for form in found.forms]
    assert names
    assert len(set(names)) == len(names)
    assert all(form.title for form in found.forms)


@pytest.mark.parametrize(
    "payload",
    [
        "Küche\nzwei\n".encode(),
        codecs.BOM_UTF8 + "Küche\r\nzwei\r\n".encode(),
        "Küche\r\nzwei".encode("utf-16"),
        codecs.BOM_UTF16_BE + "Küche\r\nzwei".encode("utf-16-be"),
        "Küche, a line without a mark\nzwei\n".encode("utf-16-le"),
        "Küche\nzwei\n".encode("cp1252"),
        "Küche\rzwei\r".encode(),
    ],
)
def test_lines_are_the_same_in_every_encoding(payload: bytes) -> None:
    found = lines(payload)
    assert [found[0][:5], *found[1:]] == ["Küche", "zwei"]


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("\x1b[32m192.0.2.7\x1b[0m dev eth0", "192.0.2.7 dev eth0"),
        (
            " --More-- " + "\x08" * 10 + " " * 10 + "\x08" * 10 + "VLAN 20",
            "VLAN 20",
        ),
        ("--More--\r         \rVLAN 20", "VLAN 20"),
        ("-- MORE --, next page: Space, next line: Enter, quit: Control-C VLAN 20", "VLAN 20"),
        ("---- More ----\x1b[16D                \x1b[16DVLAN 20", "VLAN 20"),
        ("\x1b]0;owned\x07VLAN\x00 20\x07", "VLAN 20"),
        ("\ufeffVLAN 20", "VLAN 20"),
    ],
)
def test_a_line_is_what_a_person_saw(shown: str, meant: str) -> None:
    assert text.visible_text(shown).strip() == meant


def test_a_line_without_an_end_costs_no_more_than_a_line() -> None:
    found = list(text.read_lines(b"", io.BytesIO(b"A" * 10_000_000 + b"\nB")))
    assert [(len(line.text), line.is_cut) for line in found] == [(text.LONGEST, True), (1, False)]


def test_an_unknown_form_is_one_line_that_names_the_known_ones() -> None:
    arp = sources.load_source("arp")
    with pytest.raises(
        UsageError,
        match=r"^letter\.txt: camscan does not recognise the format \(ARP table\); if it is one .*--form: .*linux",
    ):
        open_document(arp, "letter.txt", io.BytesIO(b"Dear all"), NOON)
    with pytest.raises(UsageError, match=r"^empty\.txt: it is empty$"):
        open_document(arp, "empty.txt", io.BytesIO(b" \n"), NOON)
    with pytest.raises(UsageError, match=r"^arp\.csv: it is packed .*; unpack it first$"):
        open_document(arp, "arp.csv", io.BytesIO(b"PK\x03\x04\x14\0"), NOON)
    with pytest.raises(UsageError, match=r"there is no format 'rune'; the formats are: .*linux"):
        open_document(arp, "x", io.BytesIO(b"x"), NOON, form="rune")


@pytest.mark.parametrize(
    ("begin", "told"),
    [
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "it is a workbook; save its sheet as CSV"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "it is a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is a workbook"),
        (b"%PDF-1.7\n", "it is a PDF; export the list as CSV or text"),
        (b"PK\x03\x04" + bytes(26) + b"arp.txt", "it is packed"),
    ],
)
def test_a_file_that_is_not_text_says_what_to_do(begin: bytes, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_document(sources.load_source("arp"), "arp", io.BytesIO(begin), NOON)


def test_entries_of_one_mac_address_are_one_device(database: Database) -> None:
    found = gathered(
        Host("CT-2"),
        Entry("line 1", mac=HIKVISION, facts=(Fact("listed.port", "14"), Fact("listed.vlan", "20"))),
        Entry("line 2", ip="192.0.2.7", mac=HIKVISION),
        Entry("line 3", ip="192.0.2.7", facts=(Fact("listed.host_name", "cam-17"),)),
        Entry("line 4", ip="192.0.2.8"),
    )
    first, second = devices(found, database)
    assert (first.ip_addresses, first.mac_addresses) == (("192.0.2.7",), (HIKVISION,))
    told = {seen.key: seen.value for seen in first.observations}
    assert told["listed.switch"] == "CT-2"
    assert told["listed.in"] == "MAC table of CT-2 (ct-2.txt)"
    assert told["listed.host_name"] == "cam-17"
    assert second.ip_addresses == ("192.0.2.8",)


def test_a_mac_address_alone_accuses_nobody(database: Database) -> None:
    (found,) = devices(gathered(Entry("line 1", ip="192.0.2.7", mac=HIKVISION)), database)
    assert found.identification.maker == "hikvision"
    assert found.identification.confidence is Confidence.POSSIBLE


def test_a_router_that_answers_for_many_is_not_a_device(database: Database) -> None:
    many = [Entry(f"line {number}", ip=f"192.0.2.{number}", mac=HIKVISION) for number in range(1, 11)]
    found = gathered(
        *many, Entry("x", "192.0.2.99", "00:00:5e:00:01:01"), Entry("x", "192.0.2.98", "01:00:5e:00:00:01")
    )
    assert devices(found, database) == []
    assert sum(found.left_out.values()) == 12


def test_a_router_of_thousands_of_entries_is_counted_whole_and_stays_a_router(database: Database) -> None:
    """The newest entries, which are kept, may all be of one address."""
    many = [Entry(f"line {number}", ip=f"192.0.2.{number}", mac=HIKVISION) for number in range(1, 31)]
    found = gathered(*many, *(Entry("x", ip="192.0.2.99", mac=HIKVISION) for _ in range(30)))
    assert devices(found, database) == []
    assert sum(found.left_out.values()) == found.entries == 60


def test_an_uplink_is_not_the_place_of_a_device(database: Database) -> None:
    other = [
        Entry(f"line {number}", mac=f"02:00:00:00:00:{number:02x}", facts=(Fact("listed.port", "24"),))
        for number in range(9)
    ]
    found = Findings(source(Host("core"), *other, Entry("line 20", mac=HIKVISION, facts=(Fact("listed.port", "24"),))))
    found.read_document(open_document(found.source, "core.txt", io.BytesIO(b"x"), NOON))
    access = source(Host("CT-2"), Entry("line 1", mac=HIKVISION, facts=(Fact("listed.port", "14"),)))
    found.read_document(open_document(access, "ct-2.txt", io.BytesIO(b"x"), NOON))
    (camera,) = (device for device in devices(found, database) if device.mac_addresses == (HIKVISION,))
    assert [seen.value for seen in camera.observations if seen.key in {"listed.switch", "listed.port"}] == [
        "CT-2",
        "14",
    ]


def test_so_many_devices_are_enough(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST", 3)
    found = gathered(*(Entry(f"line {number}", ip=f"192.0.2.{number}") for number in range(9)))
    assert len(devices(found, database)) == 3
    assert list(found.broken_part_lines()) == ["ct-2.txt, line 3: more than 3 devices; split the file"]


def test_of_many_problems_the_first_are_named() -> None:
    found = gathered(*(Problem(f"line {number}", "broken") for number in range(50)))
    told = list(found.broken_part_lines())
    assert told[0] == "ct-2.txt, line 0: broken"
    assert told[-1] == "and 30 more parts that cannot be read"


@pytest.mark.parametrize(("name", "form"), FORMS)
@examples(40)
@given(payload=st.binary(max_size=400))
def test_no_bytes_break_a_reader(name: str, form: Form, payload: bytes) -> None:
    head = Head(payload, is_whole=True)
    assert form.fits(head) in {True, False}
    for item in form.read(Document(name, io.BytesIO(), head, NOON, form)):
        assert isinstance(item, Entry | Attempt | LeftOut | Problem | Host)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_file_of_another_kind_is_not_taken_for_one(name: str, form: Form) -> None:
    for other in (
        b"",
        b"Dear all,\nthe cameras are on.\n",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"{}",
        b"a,b,c\n1,2,3\n",
    ):
        assert not form.fits(Head(other, is_whole=True)), name
