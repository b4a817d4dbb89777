"""XML as cameras send it: truncated, mis-encoded, without declared prefixes. Hardened, pure, never slow."""

from __future__ import annotations

import re

from lxml import etree

from camscan.errors import Malformed

_DECLARATION = re.compile(rb"<\?xml[^>]*>")
# An ampersand that starts none of the five entities that exist without a document type: an URL, or "Bosch & Co".
_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def parse_xml(payload: bytes, limit: int = 262144) -> etree._Element:
    """Parse a document or a fragment into its root element; raises Malformed where no element can be recovered.

    Bytes beyond ``limit``, NULs and whatever stands before the first ``<`` are dropped. Undeclared prefixes are
    accepted (``local`` removes them). A fragment of several elements comes back under a root called ``fragment``.
    Document type declarations are refused: cameras send none, and entities are how XML attacks its reader.
    """
    data = payload[:limit]
    if data.startswith(_UTF16):
        data = _DECLARATION.sub(b"", data.decode("utf-16", "replace").encode(), count=1)
    data = data.replace(b"\x00", b"")
    start = data.find(b"<")
    if start < 0:
        raise Malformed("not XML: there is no element in it")
    data = data[start:].rstrip()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Malformed("XML with a document type declaration is refused")
    data = _AMPERSAND.sub(b"&amp;", data)
    if data.startswith(b"<?xml"):
        root = _parse(data)
        if root is None:  # an encoding that does not exist, or a broken declaration
            root = _parse(_DECLARATION.sub(b"", data, count=1).decode("utf-8", "replace").encode())
    else:
        root = _parse(b"<fragment>" + data + b"</fragment>")
        if root is not None and len(root) == 1:
            root = root[0]
    if root is None or (len(root) == 0 and root.tag == "fragment"):
        raise Malformed("not XML: no element could be read")
    return root


def local(tag: str) -> str:
    """Name without namespace and prefix: ``{urn:x}Types`` and ``d:Types`` are both ``Types``."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def _parse(data: bytes) -> etree._Element | None:
    # Unlike the parsers of the standard library this one survives bad UTF-8, bare ampersands and control characters;
    # without huge_tree it stops at 256 levels.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is not None and root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("XML with a document type declaration is refused")
    if root is not None:  # entities smuggled in by an exotic encoding stay unresolved; they are no elements
        etree.strip_tags(root, etree.Entity)
    return root
