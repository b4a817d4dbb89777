from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, seen, values

from camscan.errors import Malformed, NotSpoken
from camscan.probes import tls

DOOR_STATION = b"Subject:   C=CN, ST=ZJ, L=HZ, O=HIKVISION, OU=HZ, CN=hikvision.com\nIssued:    2019-12-17\n"
RECORDER = (
    b"subject: CN=192.0.2.92; C=CN\nstart date: Aug  5 11:29:38 2024 GMT\nexpire date: Jul 30 11:29:38 2054 GMT\n"
    b"issuer: CN=NVR; C=CN; ST=Zhejiang; L=Hangzhou; O=ZheJiang Dahua Technology CO.,LTD.; OU=NVR\n"
)
LIVE = (
    b"subject=CN=192.0.2.7,C=CN\nissuer=CN=NVR,O=ZheJiang Dahua Technology CO.\\,LTD.,C=CN\nsha256=ab12\n"
    b"version=TLSv1.2\nserial=8ab4\nnot_before=2024-08-05\nnot_after=2054-07-30\nsan=DNS:camera, IP:192.0.2.7\n"
)


@pytest.mark.parametrize(
    "line",
    [
        "subject=CN=www.hikvision.com,OU=DVRNVR,O=HIKVISION,L=HangZhou,ST=ZheJiang,C=CN",
        "subject=/C=CN/ST=ZheJiang/L=HangZhou/O=HIKVISION/OU=DVRNVR/CN=www.hikvision.com",
        "subject=C = CN, ST = ZheJiang, L = HangZhou, O = HIKVISION, OU = DVRNVR, CN = www.hikvision.com",
        "subject= /C=CN/ST=ZheJiang/L=HangZhou/O=HIKVISION/OU=DVRNVR/CN=www.hikvision.com\r",
        "Subject: CN=www.hikvision.com; OU=DVRNVR; O=HIKVISION",
        "subject=2.5.4.3=www.hikvision.com+2.5.4.11=DVRNVR,organizationName=HIKVISION",
        "CN=www.hikvision.com,OU=DVRNVR,O=HIKVISION,L=HangZhou,ST=ZheJiang,C=CN",
    ],
)
def test_one_name_in_every_spelling(line: str) -> None:
    facts = tls.parse_reply(line.encode())
    assert values(facts, "tls.subject_cn") == ["www.hikvision.com"]
    assert values(facts, "tls.subject_o") == ["HIKVISION"]
    assert values(facts, "tls.subject_ou") == ["DVRNVR"]


def test_an_unescaped_comma() -> None:
    facts = tls.parse_reply(RECORDER)
    assert values(facts, "tls.issuer_o") == ["ZheJiang Dahua Technology CO.,LTD."]
    assert values(facts, "tls.issuer_ou") == ["NVR"]
    assert values(facts, "tls.subject_cn") == ["192.0.2.92"]
    assert values(facts, "tls.not_after") == ["Jul 30 11:29:38 2054 GMT"]


def test_what_the_handshake_gives() -> None:
    facts = tls.parse_reply(LIVE)
    assert values(facts, "tls.issuer_o") == ["ZheJiang Dahua Technology CO.,LTD."]
    assert values(facts, "tls.issuer") == ["CN=NVR,O=ZheJiang Dahua Technology CO.\\,LTD.,C=CN"]
    assert values(facts, "tls.san") == ["DNS:camera", "IP:192.0.2.7"]
    assert [values(facts, f"tls.{key}") for key in ("sha256", "version", "serial")] == [["ab12"], ["TLSv1.2"], ["8ab4"]]


def test_a_blank_issuer_says_nothing() -> None:
    facts = tls.parse_reply(b"subject=CN=camera\nissuer=\n")
    assert values(facts, "tls.issuer") == []
    assert values(facts, "tls.subject") == ["CN=camera"]


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        (r"O=a\,b", "a,b"),
        (r"O=a\2Cb", "a,b"),
        (r"O=\E4\B8\AD", "中"),
        (r"/O=\xE4\xB8\xAD/CN=x", "中"),
        ('O="Quoted, Ltd.",CN=x', "Quoted, Ltd."),
        (r'O="say \"hi\"",CN=x', 'say "hi"'),
        ("/O=a/b/CN=x", "a/b"),
        ("O=a\\", "a\\"),
        ("O = spaced out , CN = x", "spaced out"),
    ],
)
def test_escapes(name: str, organisation: str) -> None:
    assert values(tls.parse_reply(f"issuer={name}\n".encode()), "tls.issuer_o") == [organisation]


def test_several_units_are_several_facts() -> None:
    assert values(tls.parse_reply(b"subject=OU=a,OU=b+OU=c"), "tls.subject_ou") == ["a", "b", "c"]


def test_a_name_that_is_not_a_name_is_kept_as_text() -> None:
    assert [tuple(fact) for fact in tls.parse_reply(b"subject=camera")] == [("tls.subject", "camera")]


def test_door_station() -> None:
    facts = tls.parse_reply(DOOR_STATION)
    assert values(facts, "tls.subject_cn") == ["hikvision.com"]
    assert values(facts, "tls.not_before") == ["2019-12-17"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"\x15\x03\x01\x00\x02\x02\x28", NotSpoken),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotSpoken),
        (b"subject=\nissuer=\n", Malformed),
    ],
)
def test_a_name_that_belongs_to_nobody(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        tls.parse_reply(payload)


@FUZZ
@given(st.binary() | st.text().map(lambda text: f"subject={text}".encode()) | st.text(r"CNO=,+;/\" x2").map(str.encode))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(tls.parse_reply, payload)


@FUZZ
@given(
    st.lists(
        st.tuples(st.sampled_from(["CN", "O", "OU"]), st.text('ab,+;\\ /="中', min_size=1)), min_size=1, max_size=4
    )
)
def test_what_is_written_as_rfc_4514_is_read_back(pairs: list[tuple[str, str]]) -> None:
    wanted = [(name, value.strip()) for name, value in pairs if value.strip()]
    if not wanted:
        return
    text = ",".join(f"{name}=" + "".join(f"\\{c}" if c in ',+;\\"=' else c for c in value) for name, value in wanted)
    facts = tls.parse_reply(f"subject={text}".encode())
    for key in ("CN", "O", "OU"):
        assert values(facts, f"tls.subject_{key.lower()}") == [value for name, value in wanted if name == key]


def test_a_long_hostile_name_is_read_quickly() -> None:
    assert tls.parse_reply(b"subject=" + b"O=,+;" * 20000)


async def test_only_a_handshake() -> None:
    host = FakeHost()
    await tls.ask_device(host, 443, seen())
    assert host.asked == [("tls", 443, b"")]


def test_ports_learned_from_discovery() -> None:
    assert tls.learned_ports(seen(sadp__https_port="443", sadp__sdk_tls_port="8443")) == (443, 8443)
