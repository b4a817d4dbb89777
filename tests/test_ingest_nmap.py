"""What nmap writes with -oX, into the register: streamed, cut files kept, hostile ones refused."""

from __future__ import annotations

import contextlib
import io
import ipaddress
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.cli import main
from camscan.errors import UsageError
from camscan.ingest import report_of_evidence
from camscan.ingest.nmap_xml import BadHost, CutShort, Host, NmapResults, Run, read_nmap_xml
from camscan.model import Completion
from camscan.net.text import clean_text
from camscan.register import open_register

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STARTED, ENDED = 1772000000, 1772000060

HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>
<!-- Nmap 7.93 scan initiated Wed Feb 25 06:13:20 2026 as: nmap -sS -sC -oX estate.xml 192.0.2.0/29 -->
<nmaprun scanner="nmap" args="nmap -sS -sC -oX estate.xml 192.0.2.0/29" start="{STARTED}" startstr="Wed Feb 25 06:13:20 2026" version="7.93" xmloutputversion="1.05">
<scaninfo type="syn" protocol="tcp" numservices="4" services="80,554,8000,37777"/>
<verbose level="0"/>
<debugging level="0"/>
<hosthint><status state="up" reason="arp-response" reason_ttl="0"/>
<address addr="192.0.2.1" addrtype="ipv4"/>
<hostnames>
</hostnames>
</hosthint>
"""  # noqa: E501 - nmap's own lines
CAMERA = f"""<host starttime="{STARTED}" endtime="{ENDED}"><status state="up" reason="arp-response" reason_ttl="0"/>
<address addr="192.0.2.1" addrtype="ipv4"/>
<address addr="44:19:B6:00:00:01" addrtype="mac" vendor="Hangzhou Hikvision Digital Technology"/>
<hostnames>
</hostnames>
<ports><port protocol="tcp" portid="80"><state state="open" reason="syn-ack" reason_ttl="64"/><service name="http" product="Hikvision IP camera httpd" method="probed" conf="10"/><script id="http-server-header" output="App-webs/"><elem>App-webs/</elem>
</script><script id="http-title" output="index&#xa;Requested resource was /doc/page/login.asp"><elem key="title">index</elem>
<elem key="redirect_url">/doc/page/login.asp</elem>
</script></port>
<port protocol="tcp" portid="554"><state state="open" reason="syn-ack" reason_ttl="64"/><service name="rtsp" method="table" conf="3"/><script id="rtsp-methods" output="OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, SET_PARAMETER, GET_PARAMETER"/></port>
<port protocol="tcp" portid="8000"><state state="closed" reason="reset" reason_ttl="64"/><service name="http-alt" method="table" conf="3"/></port>
<port protocol="udp" portid="37020"><state state="open|filtered" reason="no-response" reason_ttl="0"/></port>
</ports>
<times srtt="45" rttvar="2126" to="100000"/>
</host>
"""  # noqa: E501 - as above
REFUSING = f"""<host starttime="{STARTED}" endtime="{ENDED}"><status state="up" reason="user-set" reason_ttl="0"/>
<address addr="192.0.2.2" addrtype="ipv4"/>
<ports><port protocol="tcp" portid="80"><state state="closed" reason="conn-refused" reason_ttl="0"/></port></ports>
</host>
"""
SILENT = f"""<host starttime="{STARTED}" endtime="{ENDED}"><status state="up" reason="user-set" reason_ttl="0"/>
<address addr="192.0.2.3" addrtype="ipv4"/>
<ports><port protocol="tcp" portid="80"><state state="filtered" reason="no-response" reason_ttl="0"/></port></ports>
</host>
"""
TAIL = """<runstats><finished time="1772000070" elapsed="70" exit="success"/><hosts up="3" down="0" total="3"/>
</runstats>
</nmaprun>
"""
WHOLE = HEAD + CAMERA + REFUSING + SILENT + TAIL


def items(text: str | bytes) -> list[Run | Host | BadHost | CutShort]:
    return list(read_nmap_xml(io.BytesIO(text if isinstance(text, bytes) else text.encode()), NOW))


def test_hosts_become_attempts_with_what_nmap_saw_itself() -> None:
    run, camera, refusing, silent = items(WHOLE)
    assert isinstance(run, Run)
    assert run.arguments == "nmap -sS -sC -oX estate.xml 192.0.2.0/29"
    assert run.started_at == datetime.fromtimestamp(STARTED, UTC)
    assert isinstance(camera, Host)
    seen = {(each.port, each.key, each.value) for attempt in camera.attempts for each in attempt.observations}
    assert seen == {
        (0, "mac.address", "44:19:b6:00:00:01"),
        (80, "port.open", "tcp/80"),
        (80, "http.server", "App-webs/"),
        (80, "http.title", "index"),
        (554, "port.open", "tcp/554"),
        (554, "rtsp.public", "OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, SET_PARAMETER, GET_PARAMETER"),
    }
    assert {attempt.seen_at for attempt in camera.attempts} == {datetime.fromtimestamp(ENDED, UTC)}
    assert refusing == Host("192.0.2.2", (), answered=False, alive=True)
    assert silent == Host("192.0.2.3", (), answered=False, alive=False)


def test_the_report_counts_what_nmap_tried_and_names_the_camera() -> None:
    gathered = NmapResults()
    gathered.add_file("estate.xml", io.BytesIO(WHOLE.encode()), NOW)
    report = report_of_evidence(
        gathered.attempts,
        fingerprints.load_database(),
        gathered.coverage(),
        sources=["estate.xml"],
        started_at=NOW,
        finished_at=NOW,
    )
    covered = report.coverage
    assert (covered.addresses, covered.answered, covered.refused, covered.silent) == (3, 1, 1, 1)
    assert "estate.xml comes from nmap -sS -sC" in covered.notes[0]
    (device,) = report.devices
    assert device.identification.maker == "hikvision"
    assert device.mac_addresses == ("44:19:b6:00:00:01",)
    assert device.open_ports == ("tcp/80", "tcp/554")


@pytest.mark.parametrize("end", [len(HEAD + CAMERA) + 40, len(HEAD + CAMERA + REFUSING), len(WHOLE) - 5])
def test_a_cut_file_gives_what_it_holds_and_says_so(end: int) -> None:
    found = items(WHOLE[:end])
    assert isinstance(found[-1], CutShort)
    assert next(each.ip for each in found if isinstance(each, Host)) == "192.0.2.1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        "Nmap scan report for 192.0.2.1",
        WHOLE.replace("<!DOCTYPE nmaprun>", '<!DOCTYPE nmaprun SYSTEM "http://192.0.2.66/x.dtd">'),
        WHOLE.replace("<!DOCTYPE nmaprun>", '<!DOCTYPE nmaprun [<!ENTITY a "b">]>'),
        WHOLE.replace("<!DOCTYPE nmaprun>", '<!DOCTYPE nmaprun [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "<!-- " * 20000,
    ],
)
def test_what_is_not_from_nmap_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not nmap's XML"):
        items(text)


def test_an_undeclared_entity_is_where_the_file_breaks() -> None:
    found = items(HEAD + CAMERA + REFUSING.replace("conn-refused", "&a;") + TAIL)
    assert isinstance(found[-1], CutShort)
    assert [each.ip for each in found if isinstance(each, Host)] == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('addr="192.0.2.1"', 'addr="camera.example"'),
        (f'endtime="{ENDED}"', 'endtime="99999999999999999999"'),
        ('portid="80"', 'portid="80000"'),
        ('portid="80"', 'portid="\u0663"'),
        ('protocol="tcp" portid="554"', 'protocol="sctp" portid="554"'),
        ("44:19:B6:00:00:01", "not a MAC"),
        ("App-webs/", "A" * 5000),
    ],
)
def test_odd_values_cost_themselves_only(old: str, new: str) -> None:
    found = items(WHOLE.replace(old, new))
    assert not any(isinstance(each, CutShort) for each in found)
    assert [each.ip for each in found if isinstance(each, Host)][-2:] == ["192.0.2.2", "192.0.2.3"]
    values = [o.value for each in found if isinstance(each, Host) for a in each.attempts for o in a.observations]
    assert all(len(value) <= 1024 for value in values)


WHOLE_HOSTS = [each for each in items(WHOLE) if isinstance(each, Host)]


@examples(200)
@given(st.integers(0, len(WHOLE)), st.binary(max_size=40))
def test_damage_loses_only_what_comes_after_it(at: int, junk: bytes) -> None:
    raw = WHOLE.encode()
    found: list[Run | Host | BadHost | CutShort] = []
    # Only what does not begin as nmap writes it is no file of nmap's.
    with contextlib.suppress(UsageError) if at <= raw.index(b"<nmaprun ") + 8 else contextlib.nullcontext():
        found = items(raw[:at] + junk + raw[at + len(junk) :])
    hosts = [each for each in found if isinstance(each, Host)]
    before = raw[:at].count(b"</host>")
    assert hosts[:before] == WHOLE_HOSTS[:before]
    assert not any(isinstance(each, CutShort) for each in found[:-1])
    for host in hosts[before:]:
        assert ipaddress.ip_address(host.ip)
        assert host.alive >= host.answered
        for seen in (seen for attempt in host.attempts for seen in attempt.observations):
            assert 0 < len(seen.value) <= 1024
            assert seen.value == clean_text(seen.value)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_hosts() -> None:
    class Estate(io.RawIOBase):
        """4,096 hosts, written while they are read."""

        def __init__(self) -> None:
            self.number = -1

        def read(self, _size: int = -1) -> bytes:
            self.number += 1
            if self.number == 0:
                return HEAD.encode()
            if self.number > 4096:
                return TAIL.encode() if self.number == 4097 else b""
            return CAMERA.replace("192.0.2.1", f"10.1.{self.number >> 8}.{self.number & 255}").encode()

    tracemalloc.start()
    try:
        count = sum(isinstance(each, Host) for each in read_nmap_xml(Estate(), NOW))  # type: ignore[arg-type]  # enough of a file
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 4096
    assert peak < 500_000  # lxml's own memory is not traced: see the next test


def test_the_tree_is_freed_on_the_way() -> None:
    from lxml import etree  # noqa: PLC0415 - only here

    from camscan.ingest import nmap_xml  # noqa: PLC0415

    parser = etree.XMLPullParser(events=("start", "end"), tag=("nmaprun", "host"))
    parser.feed(HEAD)
    for _ in range(100):
        parser.feed(CAMERA)
    hosts = list(nmap_xml._read_events(parser, Run("", NOW)))
    assert len(hosts) == 101
    parser.feed(TAIL)
    assert len(parser.close().findall("host")) == 1


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_the_command_records_a_scan_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, register = tmp_path / "estate.xml", tmp_path / "camscan.db"
    file.write_text(WHOLE, encoding="utf-8")
    assert run("import", "nmap", str(file), "--apply", "--register", str(register)) == 0
    assert "192.0.2.1" in capsys.readouterr().out
    with open_register(register, readonly=True) as book:
        (scan,) = book.scans()
        (device,) = book.devices()
    assert scan.targets == (str(file),)
    assert scan.completion is Completion.COMPLETE
    assert device.ip_addresses == ("192.0.2.1",)


def test_the_command_says_that_a_file_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, register = tmp_path / "estate.xml", tmp_path / "camscan.db"
    file.write_text(WHOLE[: len(HEAD + CAMERA) + 40], encoding="utf-8")
    assert run("import", "nmap", str(file), "--apply", "--register", str(register)) == 3
    assert "it ends or breaks at line" in capsys.readouterr().out
    with open_register(register, readonly=True) as book:
        assert len(book.devices()) == 1


@pytest.mark.parametrize("content", ["nothing", None])
def test_a_wrong_file_is_a_usage_error_in_one_line(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, register = tmp_path / "estate.xml", tmp_path / "camscan.db"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert run("import", "nmap", str(file), "--register", str(register)) == 2
    assert str(file) in capsys.readouterr().err


def test_what_powershell_writes_is_read() -> None:
    whole = (
        '<?xml version="1.0" encoding="UTF-8"?>\r\n<!DOCTYPE nmaprun>\r\n<nmaprun start="1778580000">'
        '\r\n<host><address addr="192.0.2.7" addrtype="ipv4"/><ports><port protocol="tcp" portid="80">'
        '<state state="open"/></port></ports></host>\r\n</nmaprun>\r\n'
    )
    found = list(read_nmap_xml(io.BytesIO(whole.encode("utf-16")), NOW))
    assert [item.ip for item in found if isinstance(item, Host)] == ["192.0.2.7"]


def test_a_host_in_several_parts_is_one_address_and_a_wrong_address_is_named() -> None:
    def host(address: str, port: int) -> str:
        return (
            f'<host><address addr="{address}" addrtype="ipv4"/><ports><port protocol="tcp" portid="{port}">'
            '<state state="open"/></port></ports></host>\n'
        )

    hosts = host("192.0.2.7", 80) + host("192.0.2.7", 554) + host("192.0.2.999", 80) + host("192.0.2.8", 80)
    text = f"<nmaprun>\n{hosts}</nmaprun>"
    results = NmapResults()
    results.add_file("masscan.xml", io.BytesIO(text.encode()), NOW)
    assert (results.coverage().addresses, results.coverage().answered) == (2, 2)
    assert not results.is_whole
    assert "masscan.xml: line 4: not an IP address: 192.0.2.999" in results.notes
