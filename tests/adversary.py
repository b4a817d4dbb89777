"""Replies that were made to keep a parser busy or to break it: from real ones, and from grammars that cameras speak.

Everything follows from a ``random.Random``, so that a seed makes the same replies again.
"""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHORTEST, LONGEST = 12, 16384
"""Bytes of a literal that may be a reply."""

Make = Callable[[random.Random, Sequence[bytes], int], bytes]
"""Chance, real replies and a length to a reply of about that length."""

_TOKEN = re.compile(rb"<[^<>]{0,200}>|[A-Za-z0-9_.:-]{1,40}|\r?\n|[^A-Za-z0-9]")
_OPENINGS = (
    b"",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest ",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\3",
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n",
    b"NOTIFY * HTTP/1.1\r\nNT: x\r\n",
    b'<?xml version="1.0" encoding="utf-8"?>',
    b'<?xml version="1.0" encoding="gb2312"?><a>',
    b"<Envelope><Body><ProbeMatches><ProbeMatch>",
    b"<ProbeMatch><MAC>58-50-ed-00-00-01</MAC>",
    b"<Envelope><Body><Fault>",
    b"<DeviceInfo><model>x</model>",
    b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{',
    b'{"realm":"x",',
    b"DHIP",
    b"\xb3\0\0\0\x58\0\0\0",
    b"\0\0\x84\0\xff\xff\xff\xff\xff\xff\xff\xff",
    b"subject=CN=",
    b"220 ",
    b"\xff\xfe",
    b"1.3.6.1.2.1.1.1.0|4|",
    b"\x16\x03\x03",
)
_PIECES = (
    (b"<a>", b"</a>"),
    (b"<Service>", b"</Service>"),
    (b"<Fault>", b"</Fault>"),
    (b"<UTCDateTime>", b"</UTCDateTime>"),
    (b"<Capabilities>", b"</Capabilities>"),
    (b"<Scopes>a:b c:d</Scopes>", b""),
    (b'<a xmlns:b="c" d="e">', b"</a>"),
    (b"<a/>", b""),
    (b"<a b='", b"'>"),
    (b"<![CDATA[", b"]]>"),
    (b"<!--", b"-->"),
    (b"<?a ", b"?>"),
    (b"&#55296;", b"&#65;"),
    (b"&amp;", b"&"),
    (b"xmlns:", b'="'),
    (b'"a":{', b"}"),
    (b'{"a":', b"}"),
    (b"[", b"]"),
    (b'"a":"\\u', b'",'),
    (b'a="b",', b""),
    (b"Digest a=b, Basic ", b""),
    (b'\\"', b'"'),
    (b"a: b\r\n", b"\r\n"),
    (b" a\r\n", b""),
    (b"a=b\n", b""),
    (b"1\r\na\r\n", b"0\r\n\r\n"),
    (b"location=", b";"),
    (b"charset=", b"x"),
    (b"<title", b">"),
    (b"http-equiv=refresh content=", b"'"),
    (b"CN=", b","),
    (b"\xc0\x0c\0\x0c\0\1\0\0\0\0\0\2\xc0\x0c", b""),
    (b"\x01a", b"\0"),
    (b"\x16\x03\x03\0\0", b""),
    (b"\x16\x03\x03\0\4\0\0\0\0", b""),
    (b"\x1b[", b"m"),
    (b"\xff\xfa", b"\xff\xf0"),
    (b"9", b"."),
    (b" ", b"\t"),
    (b"\0", b"\r"),
    (b"\xe9a", b"\xed\xa0\x80"),
    (b"\xc4\xe3", b"\xff"),
)
_SPLINTERS = (
    *(
        b"\0",
        b"\xff",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xef\xbf\xbe",
        b"\x85",
        b"\xe2\x80\xa8",
    ),
    *(b"&#55296;", b"&#xD800;", b"&#0;", b"&#x110000;", b"&#65534;", b"&x;", b"&", b"\\ud800", b"\\u0000", b"\\"),
    *(
        b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
        b"<?xml version='1.0' encoding='utf-7'?>",
        b"+ADw-",
        b"]]>",
        b"<",
        b">",
        b"'",
        b'"',
    ),
    *(
        b"-1",
        b"4294967296",
        b"1e999",
        b"9" * 400,
        b"\xd9\xa3",
        b"\xc2\xb2",
        b"\xe2\x91\xa0",
        b"null",
        b"true",
        b"{}",
        b"[]",
    ),
    *(
        b"\r\n",
        b"\r",
        b"\n\n",
        b": ",
        b"=",
        b"%",
        b"%ff%d8%00",
        b";",
        b",",
        b"chunked",
        b"HTTP/1.1 100 x\r\n\r\n",
        b"::",
        b"\x1b[31m",
    ),
)


@functools.cache
def literals() -> tuple[bytes, ...]:
    """Every reply in the probes' tests, written there or made there: real shapes, and what else was thought of."""
    files = sorted([*HERE.glob("test_probe_*.py"), *HERE.glob("udp_replies.py"), *HERE.glob("test_tls.py")])
    nodes = itertools.chain.from_iterable(ast.walk(ast.parse(path.read_bytes())) for path in files)
    written = [node.value for node in nodes if isinstance(node, ast.Constant)]
    made = [value for path in files for value in vars(importlib.import_module(path.stem)).values()]
    found = (text for text in _flat([*written, *made]) if SHORTEST <= len(text) <= LONGEST)
    return tuple(dict.fromkeys(found))


def _flat(values: Iterable[object]) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, bytes):
            yield value
        elif isinstance(value, list | tuple):
            yield from _flat(value)
        elif isinstance(value, dict):
            yield from _flat(value.values())


def real(parse: Callable[[bytes], object]) -> tuple[bytes, ...]:
    """The replies among the samples that the parser can read."""
    return tuple(reply for reply in literals() if _is_read(parse, reply))


def _is_read(parse: Callable[[bytes], object], reply: bytes) -> bool:
    try:
        parse(reply)
    except Exception:  # noqa: BLE001 - what is wrong with a parser is found elsewhere
        return False
    return True


def repeated(chance: random.Random, _replies: Sequence[bytes], size: int) -> bytes:
    """One short piece of a protocol, over and over, behind an opening."""
    head, (piece, _) = chance.choice(_OPENINGS), chance.choice(_PIECES)
    return (head + piece * (size // len(piece)))[:size]


def nested(chance: random.Random, _replies: Sequence[bytes], size: int) -> bytes:
    """What opens, as often as what closes it after."""
    head, (piece, end) = chance.choice(_OPENINGS), chance.choice(_PIECES)
    count = max(1, (size - len(head)) // (len(piece) + len(end)))
    return (head + piece * count + end * count)[:size]


def numbered(chance: random.Random, _replies: Sequence[bytes], size: int) -> bytes:
    """Many of a kind, and none twice: names, attributes, namespaces, elements, members, headers, scopes."""
    head = chance.choice(_OPENINGS)
    shape = chance.choice(
        (
            (b"<r ", b'a%x="" ', b"/>"),
            (b"<r ", b'xmlns:a%x="u%x" ', b"><a/><b/></r>"),
            (b"<r>", b"<a%x>%x</a%x>", b"</r>"),
            (b"<Scopes>", b"a:%x ", b"</Scopes>"),
            (b"<Scopes>", b"onvif://www.onvif.org/name/%x ", b"</Scopes>"),
            (b"", b"X-%x: %x\r\n", b"\r\n"),
            (b"", b"%x=%x\n", b""),
            (b"{", b'"a%x":%x1,', b'"z":1}'),
        )
    )
    each = shape[1]
    parts = (each % ((number,) * each.count(b"%x")) for number in range(size // len(each) + 1))
    return (head + shape[0] + b"".join(parts))[: size - len(shape[2])] + shape[2]


def grown(chance: random.Random, replies: Sequence[bytes], size: int) -> bytes:
    """A real reply in which one piece, from a token to another, comes so often that the whole has that length."""
    reply = chance.choice(replies) if replies else chance.choice(_OPENINGS[1:])
    ends = [0, *(found.end() for found in _TOKEN.finditer(reply[:4096]))]
    first = chance.randrange(len(ends))
    last = min(len(ends) - 1, first + chance.choice((1, 1, 2, 3, 5, 8, 20)))
    piece = reply[ends[first] : ends[last]] or b"a"
    count = max(1, (size - len(reply)) // len(piece))
    return reply[: ends[first]] + piece * count + reply[ends[last] :]


def stretched(chance: random.Random, replies: Sequence[bytes], size: int) -> bytes:
    """A real reply in which one place holds a single byte, very often."""
    reply = chance.choice(replies) if replies else b""
    at = chance.randrange(len(reply) + 1)
    return (
        reply[:at]
        + chance.choice(b" \t\n\r\0a1<>&\"'\\{}[]=:,;./\xff\xc3%").to_bytes() * max(0, size - len(reply))
        + reply[at:]
    )


def mutated(chance: random.Random, replies: Sequence[bytes], _size: int) -> bytes:
    """A real reply with a few changes: bytes flipped, cut out, doubled, moved, splinters of trouble put in."""
    reply = bytearray(chance.choice(replies) if replies else chance.choice(literals()))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        at, end = sorted(chance.randrange(len(reply) + 1) for _ in range(2))
        match chance.randrange(7):
            case 0 if reply:
                reply[min(at, len(reply) - 1)] ^= 1 << chance.randrange(8)
            case 1:
                del reply[at : min(end, at + 40)]
            case 2:
                reply[at:at] = reply[at:end]
            case 3:
                del reply[end:]
            case 4:
                other = chance.choice(literals())
                reply[at:end] = other[chance.randrange(len(other)) :][:200]
            case _:
                reply[at:at] = chance.choice(_SPLINTERS)
    return bytes(reply)


BUSY: dict[str, Make] = {
    "repeated": repeated,
    "nested": nested,
    "numbered": numbered,
    "grown": grown,
    "stretched": stretched,
}
"""Long ones, whose length is chosen: what a parser takes for them must grow with it and no faster."""
EVERY: dict[str, Make] = {**BUSY, "mutated": mutated}
