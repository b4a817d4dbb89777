"""docs/supported.md is what the database says; docs/weaknesses.md shows an entry that loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from camscan.app.supported import write_supported_page
from camscan.cli import main
from camscan.fingerprints import built_in_folder, load_database
from camscan.vulnerabilities import assess

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    """What the database says today."""
    return write_supported_page()


def test_the_page_is_current(page: str) -> None:
    assert (DOCS / "supported.md").read_text(encoding="utf-8") == page, (
        "run: camscan fingerprints supported > docs/supported.md"
    )


def test_the_page_names_what_there_is(page: str) -> None:
    database = load_database()
    for word in ("## Hikvision", "## Dahua", "| sadp |", "| dhip |", "| HiLook | Hikvision |", "CVE-2021-36260"):
        assert word in page
    for maker in database.makers.values():
        named = any(dict(rule.then).get("maker") == maker.key for rule in database.rules)
        assert not named or maker.name in page, maker


def test_the_page_begins_with_the_names_on_cameras(page: str) -> None:
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings[0] == "## Which names on a camera mean Hikvision or Dahua inside"
    names = page.split(headings[0])[1].split("\n## ", maxsplit=1)[0]
    assert "| Amcrest | Dahua | firmware |" in names
    assert "| Swann | Hikvision or Raysharp or Reolink |" in names
    assert "| Hikvision |" not in [line[:13] for line in names.splitlines()]
    brands = {
        dict(rule.then)["brand"]
        for rule in load_database().rules
        if rule.family == "brand" and "makers" in dict(rule.then)
    }
    assert all(f"| {brand} |" in names for brand in brands)


@pytest.mark.slow
def test_an_imported_catalogue_does_not_change_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "camscan").mkdir()
    (tmp_path / "camscan" / "kev.json").write_text('{"flags": {"CVE-2025-66177": ["2026-10-01", ""]}}')
    assert "2026-10-01" not in write_supported_page()


def test_the_command_writes_the_page(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fingerprints", "supported"])
    assert capsys.readouterr().out == page


def test_the_entry_in_the_document_holds(tmp_path: Path) -> None:
    text = (DOCS / "weaknesses.md").read_text(encoding="utf-8")
    (tmp_path / "weaknesses.yaml").write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    (tmp_path / "makers.yaml").write_bytes((built_in_folder() / "makers.yaml").read_bytes())
    assert assess.check_weaknesses(base=tmp_path) == []
