"""The style sheets and scripts of the pages: whose they are, what was left out, and that they fit together."""

from __future__ import annotations

import re
from importlib import metadata, resources
from pathlib import Path

from camscan.page.palette import LIGHT
from camscan.web.static_files import static_files

STATIC = Path(__file__).parents[1] / "camscan/web/static"


def test_the_macros_are_made_for_the_style_sheet() -> None:
    version = (STATIC / "govuk-frontend.version").read_text(encoding="utf-8").strip()
    said = metadata.distribution("govuk-frontend-jinja").read_text("METADATA") or ""
    assert f"Frontend-v{version}-" in said
    assert f'"{version}"' in (STATIC / "govuk-frontend.js").read_text(encoding="utf-8")


def test_nothing_that_is_for_gov_uk_alone_is_in_it() -> None:
    style = (STATIC / "govuk-frontend.css").read_text(encoding="utf-8")
    assert not re.search(r"@font-face|GDS Transport|url\(/|crest\.svg|sourceMappingURL", style)
    assert not [path for path in STATIC.iterdir() if path.suffix in {".woff", ".woff2", ".ico", ".png"}]
    assert "Crown Copyright" in (STATIC / "LICENSE.txt").read_text(encoding="utf-8")


def test_no_file_asks_another_host_for_anything() -> None:
    for file in static_files().values():
        text = re.sub(rb'xmlns="http://www\.w3\.org/\w+/svg"', b"", file.content)
        assert not re.search(rb"url\(['\"]?(https?:)?//|import[^;]{0,40}https?:|fetch\(|XMLHttpRequest", text), (
            file.path
        )


def test_the_name_of_a_file_changes_with_its_content_and_the_script_finds_the_other() -> None:
    files = static_files()
    assert {path.rpartition("/")[2] for path in (each.path for each in files.values())} == set(files)
    assert all(re.fullmatch(r"/static/[0-9a-f]{16}/[\w.-]+", each.path) for each in files.values())
    assert files["govuk-frontend.js"].path.encode() in files["camscan.js"].content


def test_the_colours_are_those_of_the_reports() -> None:
    style = (STATIC / "camscan.css").read_text(encoding="utf-8").partition("}")[0]
    said = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))
    shared = {name: colour for name, colour in LIGHT.items() if name != "ink"}
    assert {name: said[name] for name in shared} == shared
    assert said["govuk-brand-colour"] == LIGHT["strong"]


def test_a_wheel_has_them_all() -> None:
    folder = resources.files("camscan").joinpath("web", "static")
    assert {"camscan.css", "camscan.js", "govuk-frontend.css", "govuk-frontend.js", "icon.svg"} <= {
        each.name for each in folder.iterdir()
    }
