"""Recognises by its content what somebody hands in as a spreadsheet, whatever its name says. Pure.

Finance systems call a web page ``.xls``, people rename a CSV to ``.txt``, and Excel saves macros in ``.xlsm``.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import PurePath

from camscan.errors import UsageError
from camscan.sheets import Sheet, load_formats

_SAVE = "open it in a spreadsheet program and save it as .xlsx or .ods"
_COMPOUND = b"\xd0\xcf\x11\xe0"
"""How a compound file begins: Excel writes it for a workbook with a password, and for .xls."""
_LOCKED, _OLD = ("EncryptedPackage".encode("utf-16-le"), "Workbook".encode("utf-16-le"))
"""Names of streams in a compound file (MS-OFFCRYPTO 2.3.4.4, MS-XLS 2.1.2)."""
_WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype html|html|head|body|table|meta)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<(?:\?xml|!--)")
_HEAD = 4096
_NOT_A_LIST: Sequence[tuple[str, str]] = (
    ("xl/workbook.bin", f"it is a binary workbook (.xlsb); {_SAVE}"),
    ("word/", "it is a Word document; copy its table into a spreadsheet and save that as .xlsx or .ods"),
    ("ppt/", "it is a presentation; copy its table into a spreadsheet and save that as .xlsx or .ods"),
    ("Index/", "it is a Numbers document; export it from Numbers as Excel (.xlsx) or CSV"),
    ("Index.zip", "it is a Numbers document; export it from Numbers as Excel (.xlsx) or CSV"),
)
"""The beginning of the name of a part of a ZIP archive, and what to do with a file that has such a part."""


def format_to_read(name: str, content: bytes) -> Sheet:
    """The format of a file by its content; of a damaged workbook, by its name. ``name`` may be empty.

    Raises UsageError, without the file's name, for what is not a spreadsheet that can be read.
    """
    formats = load_formats()
    if content.startswith(b"PK"):
        return formats[_archive_suffix(content) or _workbook_suffix(name) or ".xlsx"]
    if content.startswith(_COMPOUND):
        raise UsageError(_why_compound(content))
    if suffix := _workbook_suffix(name):
        return formats[suffix]
    if content.startswith(b"%PDF"):
        raise UsageError("it is a PDF; ask for the list as a spreadsheet or CSV")
    head = content[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\x00", b"")
    if _WEB_PAGE.match(head) or _XML.match(head):
        what = "a web page" if _WEB_PAGE.match(head) else "XML"
        raise UsageError(f"it is {what}, not a spreadsheet; {_SAVE}")
    return formats[".csv"]


def _workbook_suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix in load_formats() and suffix != ".csv" else ""


def _archive_suffix(content: bytes) -> str:
    """The suffix of a workbook in a ZIP archive; empty if it is damaged. Raises UsageError for other archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return ""
    for begin, sentence in _NOT_A_LIST:
        if any(each.startswith(begin) for each in names):
            raise UsageError(sentence)
    if "[Content_Types].xml" in names:
        return ".xlsx"
    if "content.xml" in names or "mimetype" in names:
        return ".ods"
    raise UsageError("it is a ZIP archive; unpack it and name the list in it")


def _why_compound(content: bytes) -> str:
    if _LOCKED in content:
        return "it is locked with a password; save it without one"
    if _OLD in content:
        return f"it is in the old format of Excel (.xls); {_SAVE}"
    return "it is locked with a password or in the old format (.xls); save it without a password, as .xlsx or .ods"
