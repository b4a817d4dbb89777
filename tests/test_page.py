"""Pages in one file: what a template may print, and what every page has."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import jinja2
import pytest
from sample_report import HOSTILE

from camscan.page import Head, Kind, Table, render_page
from camscan.page.render import _make_environment, cell_text, css_string, number_text, pounds_text

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted((ROOT / "camscan").glob("*/templates/*"))
FRAME = {"title": "A page", "organisation": "Exampleshire Council", "marking": "OFFICIAL-SENSITIVE", "draft": ""}
TABLE = Table(
    "Devices by site",
    (Head("Site"), Head("Devices", Kind.NUMBER), Head("Cost", Kind.POUNDS), Head("First day", Kind.DAY)),
    [("Town Hall", 1200, Decimal(450), date(2027, 3, 31)), ("Library", 0, None, None)],
    total=("All", 1200, Decimal("450.50"), None),
    note="Devices of no known site are left out.",
)


class Reader(HTMLParser):
    """What a browser sees: elements with their attributes, and the text outside the style sheet."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._within = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within != "style":
            self.text += data


def page(body: str, **values: object) -> str:
    """A page whose content is this piece of a template."""
    source = (
        '{% extends "page/base.html" %}{% from "page/parts.html" import table, notice, figures %}'
        f"{{% block content %}}{body}{{% endblock %}}"
    )
    return str(_make_environment().from_string(source).render(FRAME | values))


def test_a_value_is_text_whatever_it_holds() -> None:
    texts = ["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{ 7 * 7 }}{% raw %}", "&lt;b&gt;", "'</style>"]
    seen = Reader(page('<p title="{{ text }}">{{ text }}</p>', text=" ".join(texts)))
    assert " ".join(texts) in seen.text
    assert ("p", {"title": " ".join(texts)}) in seen.elements
    assert not {"script", "img", "b"} & {tag for tag, _ in seen.elements}


@pytest.mark.parametrize("body", ["{{ text }}", "{{ table(of, 'id') }}", "{{ notice('Alarm', text, [text]) }}"])
def test_what_moves_or_hides_text_is_shown_as_such(body: str) -> None:
    of = Table(HOSTILE, (Head(HOSTILE),), [(HOSTILE,)], note=HOSTILE)
    found = page(body, text=HOSTILE, of=of)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", found)
    assert "\N{REPLACEMENT CHARACTER}" in found
    assert len(found) < 40_000  # 64 KB of letters lose their end


def test_a_value_that_was_not_given_is_an_error_and_none_is_nothing() -> None:
    with pytest.raises(jinja2.UndefinedError):
        page("{{ missing }}")
    assert "<p></p>" in page("<p>{{ empty }}</p>", empty=None)


def test_a_template_that_is_not_there_is_named() -> None:
    with pytest.raises(jinja2.TemplateNotFound, match="page/nothing"):
        render_page("page/nothing.html")


def test_no_template_says_safe_or_brings_anything_from_elsewhere() -> None:
    assert TEMPLATES
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), path
        if path.parent.parent.name == "web":  # pages of a server, which has the one script
            text = text.replace('<script type="module" src="{{ static[\'camscan.js\'] }}"></script>', "")
            assert not re.search(r"""["']\w*(?i:html)["']\s*:""", text), "the macros of GOV.UK print it as it is"
        assert not re.search(r"<script|https?:|//[a-z]|url\(|@import|\son\w+=", text), path


def test_a_page_asks_nothing_and_says_so() -> None:
    seen = Reader(page("<p>text</p>"))
    assert (
        "meta",
        {
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        },
    ) in seen.elements
    assert not [name for _, attributes in seen.elements for name in attributes if name in {"src", "srcset", "action"}]
    assert not {"script", "link", "iframe", "img", "object", "base", "form"} & {tag for tag, _ in seen.elements}


def test_a_page_has_a_language_a_title_a_skip_link_and_its_marking_at_both_ends() -> None:
    found = page("<p>text</p>")
    seen = Reader(found)
    assert ("html", {"lang": "en-GB"}) in seen.elements
    assert "<title>A page – Exampleshire Council</title>" in found
    assert ("a", {"class": "skip", "href": "#content"}) in seen.elements
    assert ("main", {"id": "content", "tabindex": "-1"}) in seen.elements
    assert [tag for tag, _ in seen.elements].count("h1") == 1
    assert seen.text.count("OFFICIAL-SENSITIVE") == 2
    assert '@bottom-left { content: "OFFICIAL-SENSITIVE";' in found


def test_a_draft_says_so_at_the_top() -> None:
    assert Reader(page("", draft="DRAFT, not released")).text.index("DRAFT") < 200
    assert "draft" not in [attributes.get("class") for _, attributes in Reader(page("")).elements]


def test_a_marking_means_nothing_in_the_style_sheet() -> None:
    assert css_string('x"; } body { display: none } /* </style>\\') == '"x;  body  display: none  / /style"'


def test_a_table_has_a_caption_scopes_and_a_sum() -> None:
    seen = Reader(page("{{ table(of, 'devices') }}", of=TABLE))
    heads = [attributes.get("scope") for tag, attributes in seen.elements if tag == "th"]
    assert heads == ["col"] * 4 + ["row"] * 3
    assert ("caption", {"id": "devices"}) in seen.elements
    assert (
        "div",
        {"class": "scroll", "role": "region", "aria-labelledby": "devices", "tabindex": "0"},
    ) in seen.elements
    assert not {"colspan", "rowspan"} & {name for _, attributes in seen.elements for name in attributes}
    words = seen.text.split("Devices by site")[1].split()
    assert " ".join(words[:19]) == (
        "Site Devices Cost First day Town Hall1,200£45031 Mar 2027 Library0 All1,200£450.50 "
        "Devices of no known site are left out."
    )


def test_a_table_may_be_grouped_by_a_column_that_stands_once_above_its_rows() -> None:
    rows = [("CAM-1", "Depot", 1), ("CAM-2", "Depot", 2), ("CAM-3", "Hall", 3)]
    of = Table("Devices", (Head("Number"), Head("Site"), Head("Priority", Kind.NUMBER)), rows, by=1)
    seen = Reader(page("{{ table(of, 'devices') }}", of=of))
    assert [attributes["scope"] for tag, attributes in seen.elements if tag == "th"] == [
        *("col", "col", "rowgroup", "row", "row", "rowgroup", "row")
    ]
    assert ("th", {"scope": "rowgroup", "colspan": "2"}) in seen.elements
    assert "Number Priority Depot CAM-11 CAM-22 Hall CAM-33" in " ".join(seen.text.split())
    assert ("table", {"class": "n2"}) in seen.elements


def test_numbers_stand_to_the_right_by_the_place_of_their_column() -> None:
    found = page("{{ table(of, 'devices') }}", of=TABLE)
    assert '<table class="n2 n3 d4">' in found
    assert ".n3 :is(td, thead th):nth-child(3) { text-align: right; }" in found


def test_the_same_values_give_the_same_page() -> None:
    assert page("{{ table(of, 'devices') }}", of=TABLE) == page("{{ table(of, 'devices') }}", of=TABLE)


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (number_text(1200), "1,200"),
        (pounds_text(Decimal(1250)), "£1,250"),
        (pounds_text(Decimal("1250.5")), "£1,250.50"),
        (cell_text(None, Kind.NUMBER), ""),
        (cell_text("not known", Kind.POUNDS), "not known"),
        (cell_text(date(2027, 3, 1), Kind.DAY), "1 Mar 2027"),
        (cell_text(7, Kind.TEXT), "7"),
    ],
)
def test_how_a_cell_is_written(shown: str, wanted: str) -> None:
    assert shown == wanted


def test_templates_are_part_of_the_package() -> None:
    """A wheel packs whatever lies in camscan/: the test of the image looks into one."""
    assert resources.files("camscan").joinpath("page", "templates", "base.html").is_file()
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert packed["packages"] == ["camscan"]
