"""Reads XML as cameras send it: truncated, mis-encoded, without declared prefixes. Hardened, pure, never slow.

It is the only place that uses lxml for text from the network. libxml2's steps cannot be counted, so its input is first
limited by scans that look at each byte once. Its output is read once, into plain Python, so that reading a text later
cannot fail.
"""

from __future__ import annotations

import codecs
import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import field

from lxml import etree

from camscan.dataclass import dataclass
from camscan.errors import Malformed
from camscan.net.text import CHARSETS, UNREADABLE, decode_mixed
from camscan.patterns import late

_MARKUP, _EQUALS, _XMLNS = re.compile("<"), re.compile("="), re.compile("xmlns")
DENSITY = {_MARKUP: 12, _EQUALS: 16, _XMLNS: 64}
"""Characters of a document for each tag, attribute and namespace declaration that is read of it.

Real documents have 20 to 40, 50 and 70: a recorder's list of channels declares its namespace on each.
"""
FREE = 1024
"""Tags, attributes and declarations that are read of the shortest document."""
DEPTH = 200
"""Maximum depth of elements; firmware that forgets end tags reaches about 40."""
_SMALL = 16384
_BUILT = 8 * 1024 * 1024
"""Maximum characters of the names of all elements with their namespaces; small documents cannot reach it."""

_DECLARATION = re.compile(r"<\?xml[^>]*>")
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\sencoding\s{0,20}=\s{0,20}[\"']([A-Za-z0-9_.:-]{1,40})[\"']")
_STEP = late(r"<(/?)[^<>]*?(/?)(?:>|(?=<)|\Z)")
# An ampersand that starts none of the five entities that exist without a document type: an URL, or "Bosch & Co".
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_REFERENCE = re.compile(r"&#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0, section 2.2, does not allow: control characters, lone surrogates, U+FFFE, U+FFFF.

To compile the characters that it does allow, Python would go through 60,000 of them.
"""
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_MARKS = tuple(mark for mark, _ in _WIDE)
"""How a document with two or four bytes a character begins, with and without a byte order mark: XML 1.0, appendix F."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document or fragment that was read. Its elements are numbered in document order; 0 is the root."""

    names: tuple[str, ...]
    """The name of each element, without namespace and prefix."""
    texts: tuple[str, ...]
    """The text before the first child of each element, as sent."""
    _nodes: tuple[etree._Element, ...] = field(repr=False)

    @property
    def uri(self) -> str:
        """The namespace of the root, otherwise the first one that it declares, otherwise empty."""
        uri, brace, _ = self._nodes[0].tag[1:].partition("}")
        return uri if brace else next(iter(self._nodes[0].nsmap.values()), "")

    @property
    def prefix(self) -> str:
        """The prefix of the root if it is declared; otherwise empty."""
        return self._nodes[0].prefix or ""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace that is declared, once, in the order sent."""
        return tuple(dict.fromkeys(_declared_namespaces(self._nodes[0])))

    def attribute(self, index: int, name: str) -> str:
        """An attribute of an element; empty if it has none of that name."""
        return self._nodes[index].get(name, "")

    def leaf(self, index: int) -> bool:
        """Whether the element contains no other element."""
        return len(self._nodes[index]) == 0

    def leaves(self) -> list[bool]:
        """For every element, whether it contains no other element."""
        return [len(node) == 0 for node in self._nodes]

    def parent(self, index: int) -> str:
        """Name of the parent element; ``fragment`` or empty for the root."""
        around = self._nodes[index].getparent()
        return "" if around is None else local_name(around.tag)

    def within(self, index: int) -> range:
        """The element and all elements within it."""
        return range(index, index + sum(1 for _ in self._nodes[index].iter(etree.Element)))

    def child_names(self, index: int) -> list[str]:
        """Names of the element's children."""
        return [local_name(child.tag) for child in self._nodes[index].iterchildren(etree.Element)]

    def children(self, index: int) -> Iterator[int]:
        """The element's children."""
        inner = self.within(index)
        child = index + 1
        while child < inner.stop:
            yield child
            child = self.within(child).stop


def parse_xml(payload: bytes, limit: int = 262144) -> Document:
    """Read a document or a fragment. Raises Malformed if no element can be recovered, and no other error.

    Bytes beyond ``limit``, NULs and everything before the first ``<`` are dropped, and so is everything after the point
    at which ``DENSITY`` or ``DEPTH`` is reached. Characters that XML does not allow, and references to them, become
    U+FFFD. Undeclared prefixes are accepted. A fragment of several elements is returned under a root called
    ``fragment``. Document type declarations are refused: cameras send none, and attacks on XML readers use entities.
    """
    text = _decode_characters(payload[:limit])
    start = text.find("<")
    if start < 0:
        raise Malformed("not XML: there is no element in it")
    text = text[start:].rstrip()
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Malformed("XML with a document type declaration is refused")
    declaration = _DECLARATION.match(text)
    if declaration:
        text = text[declaration.end() :]
    root = _parse_document(f"<fragment>{_bound_document(_replace_references(text))}</fragment>")
    if root is None or len(root) == 0:
        raise Malformed("not XML: no element could be read")
    return _make_document(root[0] if declaration or len(root) == 1 else root, text)


def local_name(tag: str) -> str:
    """Name without namespace and prefix: ``{urn:x}Types`` and ``d:Types`` are both ``Types``."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def _decode_characters(data: bytes) -> str:
    """The decoded text, whatever it declares, without anything that XML does not allow."""
    head = data[:64].lstrip(b" \t\r\n")
    if head.startswith(_MARKS):
        text = next(data[data.index(mark) :].decode(codec, "replace") for mark, codec in _WIDE if head.startswith(mark))
        return _FORBIDDEN.sub(UNREADABLE, text.replace("\0", ""))
    data = data.replace(b"\0", b"").removeprefix(codecs.BOM_UTF8)
    declared = _DECLARED.search(data[:512])
    charset = declared[1].decode("ascii").lower() if declared else ""
    try:
        text = data.decode("utf-7" if charset == "utf-7" else "utf-8")  # UTF-7 could hide markup
    except UnicodeDecodeError:
        known = CHARSETS.fullmatch(charset) and not charset.startswith(("utf", "us-ascii", "ascii"))
        text = data.decode(charset, "replace") if known else decode_mixed(data)
    else:  # nearly every document is done here, at the speed of C
        if charset != "utf-7" and b"\xef\xbf" not in data and len(data.translate(None, _CONTROLS)) == len(data):
            return text
    return _FORBIDDEN.sub(UNREADABLE, text)


def _replace_references(text: str) -> str:
    if "&" not in text:
        return text
    text = _AMPERSAND.sub("&amp;", text)
    return _REFERENCE.sub(_replace_reference, text) if "&#" in text else text


def _replace_reference(found: re.Match[str]) -> str:
    number = int(found[1]) if found[1] else int(found[2], 16)
    return UNREADABLE if number > 0x10FFFF or _FORBIDDEN.match(chr(number)) else found[0]  # noqa: PLR2004 - Unicode


def _bound_document(text: str) -> str:
    """The text up to the point at which one of the limits is reached."""
    size = len(text)
    for mark, each in DENSITY.items() if size > FREE else ():
        allowed = max(FREE, size // each)
        if text.count(mark.pattern) > allowed:
            text = _text_before(mark, text, allowed)
    if text.count("<") <= DEPTH:
        return text
    depth = 0
    for step in _STEP.finditer(text):
        if step[1]:
            depth -= 1
        elif not step[2] and text[step.start() + 1 : step.start() + 2] not in {"!", "?"}:
            depth += 1
        if depth > DEPTH:
            return text[: step.start()]
    return text


def _text_before(mark: re.Pattern[str], text: str, allowed: int) -> str:
    """The text up to the first mark beyond the limit; a tag is kept completely or not at all."""
    end = next(itertools.islice(mark.finditer(text), allowed, None)).start()
    tag = text.rfind("<", 0, end + 1)
    return text[: max(0, tag)] if text.rfind(">", 0, end) < tag else text[:end]


@functools.cache
def _parser() -> etree.XMLParser:
    """Unlike the parsers of the standard library, this one accepts tags that do not match and undeclared prefixes.

    It is used again for each document, which makes a third of its work; threads take turns.
    """
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )


def _parse_document(text: str) -> etree._Element | None:
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _parser())
    except (etree.XMLSyntaxError, ValueError):
        return None


def _make_document(root: etree._Element, text: str) -> Document:
    if (
        len(text) > _SMALL
        and max(map(len, _declared_namespaces(root)), default=0) * (text.count("<") + text.count("=")) > _BUILT
    ):
        raise Malformed("XML with an endless namespace is refused")
    nodes = tuple(root.iter(etree.Element))
    # ``local_name``, without the cost of a call for each element
    names = tuple([tag if (tag := node.tag).isalnum() else tag.rpartition("}")[2].rpartition(":")[2] for node in nodes])
    return Document(names, tuple([node.text or "" for node in nodes]), nodes)


def _declared_namespaces(root: etree._Element) -> Iterator[str]:
    return (uri for _, (_, uri) in etree.iterwalk(root, events=("start-ns",)))
