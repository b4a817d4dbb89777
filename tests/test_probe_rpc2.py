from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, values

from camscan.errors import Malformed, NotSpoken
from camscan.probes import Stage, rpc2

CHALLENGE = (
    b'{"error":{"code":268632079,"message":"Component error: login challenge!"},"id":2,"params":'
    b'{"authorization":"80668fc41b6204dfac1597f0b2bbe681a7000001","encryption":"Default","mac":"38AF29000001",'
    b'"random":"1753753988","realm":"Login to 4H01D66PA000001"},"result":false,"session":"be7dcfc7d3fb33e7"}'
)


def test_a_challenge() -> None:
    facts = rpc2.parse_reply(CHALLENGE)
    assert values(facts, "rpc2.realm") == ["Login to 4H01D66PA000001"]
    assert values(facts, "rpc2.mac") == ["38:af:29:00:00:01"]
    assert values(facts, "rpc2.encryption") == ["Default"]
    assert values(facts, "rpc2.error_code") == ["268632079"]
    assert values(facts, "rpc2.session") == ["be7dcfc7d3fb33e7"]
    assert "params.random=1753753988" in values(facts, "rpc2.field")


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 200 OK\r\nCONNECTION: close\r\n\r\n",
        bytes.fromhex("20000000") + b"DHIP" + bytes.fromhex("62feff7f020000002001000000000000") + bytes(8),
        b"\xef\xbb\xbf\r\n",
    ],
)
def test_what_stands_before_the_json_is_skipped(before: bytes) -> None:
    assert rpc2.parse_reply(before + CHALLENGE + b"\n\0") == rpc2.parse_reply(CHALLENGE)


def test_blanks_and_a_numeric_session() -> None:
    facts = rpc2.parse_reply(b'{ "id" : 10000, "params" : null, "result" : true, "session" : 1175887285 }')
    assert values(facts, "rpc2.session") == ["1175887285"]


def test_a_challenge_cut_in_the_middle() -> None:
    facts = rpc2.parse_reply(CHALLENGE[: CHALLENGE.index(b',"result"') - 1])
    assert values(facts, "rpc2.realm") == ["Login to 4H01D66PA000001"]
    assert values(facts, "rpc2.mac") == ["38:af:29:00:00:01"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"[]", NotSpoken),
        (b"{}", NotSpoken),
        (b'{"hello": "world"}', NotSpoken),
        (b"{" * 50000, NotSpoken),
        (b'{"a":' * 50000, NotSpoken),
        (b'{"params":{"realm":"Login', Malformed),
    ],
)
def test_what_is_not_a_challenge(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        rpc2.parse_reply(payload)


def test_a_number_of_thousands_of_digits() -> None:
    facts = rpc2.parse_reply(b'{"session": ' + b"9" * 10000 + b', "x": NaN}')
    assert len(values(facts, "rpc2.session")[0]) == 10000


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"{" + raw) | st.text('{}[]":,ax1\\n').map(str.encode))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(rpc2.parse_reply, payload)


@FUZZ
@given(st.data())
def test_damaged_replies(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(CHALLENGE)))
    end = data.draw(st.integers(begin, len(CHALLENGE)))
    keeps_its_promise(rpc2.parse_reply, CHALLENGE[:begin] + data.draw(st.binary(max_size=8)) + CHALLENGE[end:])


def test_it_is_never_asked() -> None:
    assert rpc2.PROBE.stage is Stage.NEVER
    assert rpc2.PROBE.ask is None
