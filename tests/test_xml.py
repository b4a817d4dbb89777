"""The hardened XML reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from camscan.errors import Malformed
from camscan.net.xml import local, parse_xml


def names(root: etree._Element) -> list[str]:
    return [local(element.tag) for element in root.iter()]


def test_fragment_with_undeclared_prefixes() -> None:
    # Shape of a captured WS-Discovery fragment of a Hikvision camera.
    root = parse_xml(
        b"<d:ProbeMatch>\n<wsadis:EndpointReference><wsadis:Address>urn:uuid:aa85c000</wsadis:Address>"
        b"</wsadis:EndpointReference>\n<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types></d:ProbeMatch>"
    )
    assert names(root) == ["ProbeMatch", "EndpointReference", "Address", "Types"]
    assert root[1].text == "dn:NetworkVideoTransmitter tds:Device"


def test_fragment_of_several_elements_gets_a_root() -> None:
    root = parse_xml(b"<deviceType>urn:x</deviceType>\n<manufacturer>y</manufacturer>")
    assert names(root) == ["fragment", "deviceType", "manufacturer"]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b'<?xml version="1.0" encoding="UTF-8" ?>\r\n<a>x</a>\x00', "x"),
        (b'\xef\xbb\xbf\r\n<?xml version="1.0"?><a>x</a>', "x"),
        (b'HTTP junk <?xml version="1.0"?><a>x</a>', "x"),
        (b'<?xml version="1.0" encoding="nope"?><a>x</a>', "x"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a>x</a>', "x"),
        (b'<?xml version="1.0" encoding="GB2312"?><a>\xd6\xd0</a>', "\u4e2d"),
        ('<?xml version="1.0" encoding="utf-16"?><a>\xe9</a>'.encode("utf-16"), "\xe9"),
        (b"<a>x", "x"),
        (b"<!-- c --><a>x</a>", "x"),
        (b"<a>x & y</a>", "x & y"),
        (b"<a>x</a>trailing", "x"),
        (b"<a>&nbsp;&amp;&#65;</a>", "&nbsp;&A"),
    ],
)
def test_odd_but_real_documents(payload: bytes, text: str) -> None:
    root = parse_xml(payload)
    assert (root.tag, root.text) == ("a", text)


def test_bad_utf8_and_control_characters_lose_no_element() -> None:
    root = parse_xml(b'<?xml version="1.0" encoding="utf-8"?><r><a>\xd6\xd0\x01</a><b>2</b></r>')
    assert names(root) == ["r", "a", "b"]
    assert root[1].text == "2"


@pytest.mark.parametrize("payload", [b"", b"hello", b"<", b"<<<", b'<?xml version="1.0"?>', b"\xff\xfe"])
def test_what_is_no_xml_is_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse_xml(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b'<!DOCTYPE a [<!ENTITY x "1">]><a>&x;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "1">]><a>&x;</a>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a [+ADwAIQ-ENTITY x "1">]><a>&x;</a>',
    ],
)
def test_document_types_are_refused_and_entities_never_expanded(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse_xml(payload)


def test_only_the_first_bytes_are_read() -> None:
    assert len(parse_xml(b"<a>" + b"<b/>" * 1000, limit=3 + 4 * 10)) == 10


def test_depth_is_bounded() -> None:
    assert len(names(parse_xml(b"<a>" * 50_000))) <= 300


@pytest.mark.parametrize(("tag", "name"), [("{urn:x}Types", "Types"), ("d:Types", "Types"), ("Types", "Types")])
def test_local_name(tag: str, name: str) -> None:
    assert local(tag) == name


MARKUP = st.lists(st.sampled_from([b"<a>", b"</a>", b"<d:b c='", b"'", b">", b"&x;", b"<![CDATA[", b"\xff", b"text"]))


@given(st.one_of(st.binary(), st.binary().map(b"<a>".__add__), MARKUP.map(b"".join)))
def test_any_bytes_give_an_element_or_malformed(payload: bytes) -> None:
    try:
        root = parse_xml(payload)
    except Malformed:
        return
    assert all(isinstance(name, str) for name in names(root))
