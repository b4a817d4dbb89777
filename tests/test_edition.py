"""The database says how old it is, in every report."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from camscan.errors import ConfigError
from camscan.fingerprints import built_in_folder, load_database

STALE = timedelta(days=31)


@pytest.mark.slow
def test_the_version_begins_with_the_date_of_the_edition() -> None:
    told, _, digest = load_database().version.partition(".")
    assert date.fromisoformat(told) <= datetime.now(UTC).date()
    assert len(digest) == 12


def test_the_edition_is_not_much_older_than_the_newest_fingerprint() -> None:
    if shutil.which("git") is None or not (built_in_folder().parent / ".git").exists():
        pytest.skip("no git checkout: the dates of the files are not known")
    command = ["git", "-C", str(built_in_folder()), "log", "-1", "--format=%cs", "--", "."]
    changed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if not changed:
        pytest.skip("a checkout without history")
    told = date.fromisoformat((built_in_folder() / "edition").read_text().strip())
    assert told >= date.fromisoformat(changed) - STALE, "write today's date into fingerprints/edition"


def test_an_edition_that_is_not_a_date_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "edition").write_text("spring\n")
    with pytest.raises(ConfigError, match=r"edition:1: expected one date"):
        load_database(base=tmp_path, cache=tmp_path)


def test_a_database_without_an_edition_has_a_version_all_the_same(tmp_path: Path) -> None:
    assert len(load_database(base=tmp_path, cache=tmp_path).version) == 12
