"""What holds for every probe, present and to come: found by convention, harmless by construction."""

from __future__ import annotations

import ast
import ipaddress
import random
import re
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from growth import SHORT, SIZE, keeps_nobody_busy
from udp_replies import ALL

from camscan import probes
from camscan.errors import ProtocolError
from camscan.model import Outcome, Reply
from camscan.net.paths import PATHS, VERBS
from camscan.probes import FACTS, Probe, Stage

FOLDER = Path(probes.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.py") if path.stem != "__init__")
VOCABULARY = set(
    re.findall(
        r"^([a-z0-9_.]+):",
        (FOLDER.parents[1] / "fingerprints/vocabulary.yaml").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)
FAMILIES = {key.partition(".")[0] for key in VOCABULARY}
PROBES = sorted(probes.load().values(), key=lambda probe: probe.name)
NAME = UUID("0f0e0d0c-0b0a-0908-0706-050403020100")
LARGEST_UNFRAGMENTED = 1500 - 40 - 8
CREDENTIALS = re.compile(rb"authorization|passw|user-?name|<security|admin|root:", re.IGNORECASE)

each = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def payloads(probe: Probe) -> list[bytes]:
    return [*(datagram.payload(NAME) for datagram in probe.datagrams), *probe.examples]


def test_a_probe_is_named_as_its_file() -> None:
    assert [probe.name for probe in PROBES] == [path.stem for path in FILES]


def test_the_gentlest_come_first() -> None:
    stages = [probe.stage for probe in probes.load().values()]
    assert stages == sorted(stages)


@each
def test_a_probe_says_what_it_does_and_what_it_never_does(probe: Probe) -> None:
    for line in (probe.title, probe.never):
        assert line.strip() == line
        assert line
        assert "\n" not in line


@each
def test_a_probe_sends_in_its_stage_only(probe: Probe) -> None:
    assert bool(probe.datagrams) == (probe.stage is Stage.DATAGRAM)
    assert bool(probe.ask) == (probe.stage in {Stage.CONNECT, Stage.CHALLENGE})
    assert bool(probe.examples) <= bool(probe.ask)


@each
def test_any_bytes_end_in_facts_or_a_protocol_error(probe: Probe) -> None:
    chance = random.Random(probe.name)
    for _ in range(200):
        payload = chance.randbytes(chance.choice((0, 1, 8, 64, 512, 4096)))
        try:
            facts = probe.parse(payload)
        except ProtocolError:
            continue
        assert {key for key, _ in facts} <= VOCABULARY


HOSTILE = {
    "names without end": b"<Envelope><ProbeMatch><Scopes/> " + b"xmlns:" + b"xmlns" * 13000,
    "quotes without end": b"<Envelope><ProbeMatch><Scopes/> " + b'xmlns="' * 9000,
    "blanks without end": b"<Envelope><ProbeMatch><Scopes/> " + (b"xmlns" + b" " * 60) * 1000,
    "scopes without end": b"<Scopes>x " + b"a " * 32000 + b"</Scopes>",
    "elements in elements": b"<ProbeMatch><MAC>" + b"<a>" * 20000,
    "members without end": b'{"method":"client.notifyDevInfo",' + b'"a":"' * 13000,
    "escapes without end": b'DHIP{"method":"client.notifyDevInfo","a":"' + b'\\"' * 32000,
    "headers without end": b"HTTP/1.1 200 OK\r\nST: a\r\n" + b" a\r\n" * 16000,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_no_reply_keeps_a_parser_busy(name: str, payload: bytes) -> None:
    keeps_nobody_busy(probes.load()[name].parse, payload)


def test_a_parser_that_looks_at_each_byte_for_each_byte_would_be_found() -> None:
    def square(reply: bytes) -> None:
        for start in range(0, len(reply), 64):
            for _ in range(start, len(reply), 64):
                pass

    def once(reply: bytes) -> None:
        for _ in reply:
            pass

    keeps_nobody_busy(once, b"a" * SIZE)
    with pytest.raises(AssertionError):
        keeps_nobody_busy(square, b"a" * SIZE)
    with pytest.raises(AssertionError):
        keeps_nobody_busy(lambda reply: square(reply[:SHORT] * 16), b"a" * SIZE)


def test_of_each_key_so_many_values_count_and_the_rest_of_the_reply_survives() -> None:
    scopes = b" ".join(b"onvif://www.onvif.org/name/%d" % number for number in range(9_000))
    sent = b"<Envelope><ProbeMatch><Scopes>" + scopes[:60_000] + b"</Scopes><XAddrs>http://192.0.2.1/</XAddrs>"
    attempt = probes.read_reply(
        probes.load()["wsd"], Reply("wsd", sent + b"</ProbeMatch></Envelope>", "192.0.2.1", 3702)
    )
    count = Counter(seen.key for seen in attempt.observations)
    assert attempt.outcome is Outcome.ANSWERED
    assert count == {"wsd.kind": 1, "wsd.app_sequence": 1, "wsd.xaddr": 1, "wsd.scope": FACTS, "wsd.name": FACTS}
    assert [seen.value for seen in attempt.observations if seen.key == "wsd.name"] == [str(n) for n in range(FACTS)]
    assert attempt.detail == "more than 512 values of wsd.scope, wsd.name: the others left out"


def test_the_allowed_number_draws_no_note() -> None:
    scopes = b" ".join(b"a:%d" % number for number in range(FACTS))
    attempt = probes.read_reply(probes.load()["wsd"], Reply("wsd", b"<Scopes>" + scopes + b"</Scopes>"))
    assert (len(attempt.observations), attempt.detail) == (FACTS, "")


def test_every_value_can_be_written_down() -> None:
    sent = b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceType":" a\\ud800\\u0000b "}}}'
    attempt = probes.read_reply(probes.load()["dhip"], Reply("dhip", sent))
    assert [seen.value.strip() for seen in attempt.observations] == ["client.notifyDevInfo", "a?b"]


@each_file
def test_every_key_in_the_source_is_in_the_vocabulary(path: Path) -> None:
    shape = re.compile(rf"(?:{'|'.join(FAMILIES)})\.[a-z0-9_]+")
    texts = (node.value for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Constant))
    assert {text for text in texts if isinstance(text, str) and shape.fullmatch(text)} <= VOCABULARY


@pytest.mark.parametrize("name", ALL)
def test_every_key_of_a_real_reply_is_in_the_vocabulary(name: str) -> None:
    for reply in ALL[name]:
        assert {key for key, _ in probes.load()[name].parse(reply)} <= VOCABULARY


@each
def test_nothing_that_is_sent_holds_a_credential(probe: Probe) -> None:
    for payload in payloads(probe):
        assert not CREDENTIALS.search(payload), payload


@each
def test_no_path_or_verb_off_the_table_is_requested(probe: Probe) -> None:
    for request in probe.examples:
        if (found := re.match(rb"([A-Z]+) (\S+) (HTTP|RTSP)/", request)) is None:
            assert b"HTTP/" not in request
            continue
        verb, target, protocol = (part.decode() for part in found.groups())
        assert verb in VERBS if protocol == "RTSP" else (verb, target) in PATHS


@each
def test_a_question_is_the_same_each_time_and_fits_one_packet(probe: Probe) -> None:
    for datagram in probe.datagrams:
        payload = datagram.payload(NAME)
        assert payload == datagram.payload(NAME)
        assert 0 < len(payload) <= LARGEST_UNFRAGMENTED
    assert len({datagram.label for datagram in probe.datagrams}) == len(probe.datagrams)
    assert len({datagram.payload(NAME) for datagram in probe.datagrams}) == len(probe.datagrams)


@each
def test_datagrams_go_to_groups(probe: Probe) -> None:
    for datagram in probe.datagrams:
        assert all(ipaddress.ip_address(group).is_multicast for group in datagram.groups)
        assert 0 < datagram.port < 65536


@each_file
def test_probes_do_not_import_each_other_nor_open_sockets(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            assert name.partition(".")[0] not in {"socket", "ssl", "subprocess", "requests", "httpx", "urllib3"}
            siblings = {f"camscan.probes.{other.stem}" for other in FILES}
            assert not name.startswith("camscan.probes.") or name not in siblings


SEARCH_ANSWER = b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceType":"IPC-HDW1431T1-S4"}}}'


@pytest.mark.parametrize("port", [37810, 49152])
def test_a_datagram_is_read_whatever_port_it_comes_from(port: int) -> None:
    attempt = probes.read_datagram(PROBES, SEARCH_ANSWER, "192.0.2.1", port)
    assert attempt is not None
    assert (attempt.probe, attempt.outcome) == ("dhip", Outcome.ANSWERED)


def test_noise_is_not_a_hikvision_unit_unless_it_comes_from_that_port() -> None:
    noise = bytes(range(128, 228))
    told = probes.read_datagram(PROBES, noise, "192.0.2.1", 37020)
    assert told is not None
    assert [seen.key for seen in told.observations] == ["sadp.unreadable"]
    assert probes.read_datagram(PROBES, noise, "192.0.2.1", 49152) is None
    other = probes.read_datagram(PROBES, noise, "192.0.2.1", 1900)
    assert other is not None
    assert (other.probe, other.outcome) == ("ssdp", Outcome.NOT_SPOKEN)
