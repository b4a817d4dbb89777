"""The hardened XML reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import Malformed
from camscan.net.xml import DEPTH, FREE, Document, local_name, parse_xml


def names(document: Document) -> list[str]:
    return list(document.names)


def parents(document: Document) -> list[str]:
    return [document.parent(index) for index in range(len(document.names))]


def test_fragment_with_undeclared_prefixes() -> None:
    # Shape of a captured WS-Discovery fragment of a Hikvision camera.
    root = parse_xml(
        b"<d:ProbeMatch>\n<wsadis:EndpointReference><wsadis:Address>urn:uuid:aa85c000</wsadis:Address>"
        b"</wsadis:EndpointReference>\n<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types></d:ProbeMatch>"
    )
    assert names(root) == ["ProbeMatch", "EndpointReference", "Address", "Types"]
    assert root.texts[3] == "dn:NetworkVideoTransmitter tds:Device"
    assert parents(root)[1:] == ["ProbeMatch", "EndpointReference", "ProbeMatch"]


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
    assert (root.names[0], root.texts[0]) == ("a", text)


def test_bad_utf8_and_control_characters_lose_no_element() -> None:
    root = parse_xml(b'<?xml version="1.0" encoding="utf-8"?><r><a>\xd6\xd0\x01</a><b>2</b></r>')
    assert names(root) == ["r", "a", "b"]
    assert root.texts[2] == "2"


UNREADABLE = "\ufffd"
CHARACTERS = {
    "a reference to a surrogate": (b"&#55296;", UNREADABLE),
    "in hexadecimal": (b"&#xDFFF;&#xd800;", UNREADABLE * 2),
    "a pair of them": (b"&#xD83D;&#xDE00;", UNREADABLE * 2),
    "NUL": (b"&#0;&#x0;\x00", UNREADABLE * 2),
    "beyond Unicode": (b"&#x110000;&#9999999;", UNREADABLE * 2),
    "no characters": (b"&#xFFFE;&#65535;\xef\xbf\xbe", UNREADABLE * 3),
    "control characters": (b"&#1;&#x1f;\x01\x7f", UNREADABLE * 3 + "\x7f"),
    "a surrogate as UTF-8": (b"\xed\xa0\x80", UNREADABLE * 3),
    "half a character": (b"\xe5\x8c\x97\xe5", f"\u5317{UNREADABLE}"),
    "a reference of many digits": (b"&#0000000055296;", "&#0000000055296;"),
    "what XML allows": (b"&#9;&#x10FFFF;&#xE000;", "\t\U0010ffff\ue000"),
    "a letter of Latin-1": (b"caf\xe9", "caf\xe9"),
}


@pytest.mark.parametrize("what", CHARACTERS)
@pytest.mark.parametrize(
    "form",
    [
        b"<r><b>1</b><a>%b</a><c>2</c></r>",
        b'<?xml version="1.0" encoding="utf-8"?>\n<r><b>1</b><a>%b</a><c>2</c></r>',
        b"<r><b>1</b><!-- %b --><?x %b?><a>%b</a><c d='%b'>2</c></r>",
    ],
)
def test_nobody_hides_behind_one_character(what: str, form: bytes) -> None:
    sent, expected = CHARACTERS[what]
    document = parse_xml(form.replace(b"%b", sent))
    assert (document.names, document.texts) == (("r", "b", "a", "c"), ("", "1", expected, "2"))
    assert document.attribute(3, "d") == (expected if b" d=" in form else "")


def test_one_bad_character_spoils_no_other() -> None:
    text = "<r><a>Eingang Südtor 北门</a><b>".encode() + b"\xff" + "</b><c>Ø</c></r>".encode()
    assert parse_xml(text).texts == ("", "Eingang Südtor 北门", UNREADABLE, "Ø")


ENCODINGS = {
    "UTF-16 with a mark": '<?xml version="1.0" encoding="UTF-16"?><r><a>é</a></r>'.encode("utf-16"),
    "UTF-16 without one": "<r><a>é</a></r>".encode("utf-16-le"),
    "big-endian": "<r><a>é</a></r>".encode("utf-16-be"),
    "UTF-32": "<r><a>é</a></r>".encode("utf-32"),
    "UTF-32 without a mark": '<?xml version="1.0"?><r><a>é</a></r>'.encode("utf-32-be"),
    "UTF-8 with a mark": "\ufeff<r><a>é</a></r>".encode(),
    "UTF-8 that says UTF-16": '<?xml version="1.0" encoding="UTF-16"?><r><a>é</a></r>'.encode(),
    "UTF-8 that says EBCDIC": '<?xml version="1.0" encoding="IBM037"?><r><a>é</a></r>'.encode(),
    "UTF-8 that says zlib": '<?xml version="1.0" encoding="zlib_codec"?><r><a>é</a></r>'.encode(),
    "UTF-8 that says UTF-32": '<?xml version="1.0" encoding="UTF-32"?><r><a>é</a></r>'.encode(),
    "Latin-1 that says so": '<?xml version="1.0" encoding="ISO-8859-1"?><r><a>é</a></r>'.encode("latin-1"),
    "Latin-1 that says UTF-8": '<?xml version="1.0" encoding="UTF-8"?><r><a>é</a></r>'.encode("latin-1"),
}


@pytest.mark.parametrize("what", ENCODINGS)
def test_any_encoding_whatever_it_says(what: str) -> None:
    document = parse_xml(ENCODINGS[what])
    assert (document.names, document.texts) == (("r", "a"), ("", "é"))


def test_lone_surrogates_of_utf_16_are_replaced() -> None:
    sent = "<r><a>x\ud800y</a><b>z</b></r>".encode("utf-16", "surrogatepass")
    assert parse_xml(sent).texts == ("", f"x{UNREADABLE}y", "z")


@pytest.mark.parametrize("payload", [b"", b"hello", b"<", b"<<<", b'<?xml version="1.0"?>', b"\xff\xfe"])
def test_what_is_not_an_xml_is_malformed(payload: bytes) -> None:
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
    assert len(parse_xml(b"<a>" + b"<b/>" * 1000, limit=3 + 4 * 10).names) == 1 + 10


FULL = b"<r><first>1</first>"
ENDLESS = {
    "tags": FULL + b"<a/>" * 16_000,
    "depth": FULL + b"<a>" * 16_000,
    "depth that comes back": FULL + (b"<a>" * 199 + b"</a>" * 199) * 40,
    "end tags": FULL + b"</a>" * 16_000,
    "attributes": FULL + b'<a b="" c="" d="" e=""/>' * 2_000,
    "attributes of one": FULL + b"<a " + b" ".join(b'a%x=""' % number for number in range(6_000)) + b"/>",
    "namespaces": FULL + b'<a xmlns:b="u"/>' * 4_000,
    "namespaces of one": FULL + b"<a " + b" ".join(b'xmlns:a%x="u"' % number for number in range(4_000)) + b">",
    "comments": FULL + b"<!---->" * 9_000,
    "instructions": FULL + b"<?a?>" * 9_000,
    "equals signs in a text": FULL + b"<a>" + b"a=" * 9_000,
    "sections": FULL + b"<![CDATA[a]]>" * 5_000,
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_goes_on_for_ever_is_read_as_far_as_allowed(what: str) -> None:
    payload = ENDLESS[what][:65536]
    document = parse_xml(payload)
    assert (document.names[:2], document.texts[1]) == (("r", "first"), "1")
    assert len(document.names) <= max(FREE, len(payload) // 12)
    depths = {0: 0}
    for index in range(len(document.names)):
        depths.update(dict.fromkeys(document.children(index), depths[index] + 1))
    assert max(depths.values()) <= DEPTH


def test_an_endless_namespace_is_not_read_once_for_each_element() -> None:
    with pytest.raises(Malformed):
        parse_xml(b'<r xmlns="' + b"u" * 30_000 + b'">' + b"<a/>" * 8_000)
    assert parse_xml(b'<r xmlns="' + b"u" * 300 + b'">' + b"<a/>" * 20).uri == "u" * 300


def test_places_in_the_document() -> None:
    document = parse_xml(b'<s:r xmlns:s="u"><a x="1"><b/><c>t</c></a><d xmlns="v" xmlns:e="u"/></s:r>')
    assert document.names == ("r", "a", "b", "c", "d")
    assert (document.uri, document.prefix, document.namespaces) == ("u", "s", ("u", "v"))
    assert (document.within(1), list(document.children(0))) == (range(1, 4), [1, 4])
    assert document.child_names(1) == ["b", "c"]
    assert [document.leaf(index) for index in range(5)] == document.leaves() == [False, False, True, True, True]
    assert (document.attribute(1, "x"), document.attribute(1, "y")) == ("1", "")


@pytest.mark.parametrize(("tag", "name"), [("{urn:x}Types", "Types"), ("d:Types", "Types"), ("Types", "Types")])
def test_local_name(tag: str, name: str) -> None:
    assert local_name(tag) == name


PIECES = [
    b"<a>",
    b"</a>",
    b"<d:b c='",
    b"'",
    b">",
    b"&x;",
    b"<![CDATA[",
    b"]]>",
    b"\xff",
    b"text",
    b"<!--",
    b"<?",
    b"&#",
]
PIECES += [b"xmlns:d='u' ", b"<?xml encoding='utf-7'?>", b"+ADw-", b"\xff\xfe", b"<\0", b"&#xd800;", b"\xed\xa0\x80"]
MARKUP = st.lists(st.sampled_from(PIECES))


@given(st.one_of(st.binary(), st.binary().map(b"<a>".__add__), MARKUP.map(b"".join)))
def test_any_bytes_give_an_element_or_malformed(payload: bytes) -> None:
    try:
        root = parse_xml(payload)
    except Malformed:
        return
    told = [root.uri, root.prefix, *root.names, *root.texts, *root.namespaces, *parents(root), *root.child_names(0)]
    assert "\0" not in "".join(told).encode().decode()
