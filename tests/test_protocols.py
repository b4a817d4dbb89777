"""The table of protocols agrees with the probes and the vocabulary."""

from __future__ import annotations

from pathlib import Path

import pytest

from camscan import probes
from camscan.fingerprints.place import built_in_folder
from camscan.probes import load
from camscan.protocols import LAST, PROTOCOLS, TYPED, protocol_of, rank_of, transport_of
from camscan.strict_yaml import load_yaml


def test_every_probe_travels_as_the_table_says() -> None:
    for name, probe in load().items():
        if probe.datagrams:
            assert protocol_of(name).transport == "udp", name
        elif probe.ports:
            assert protocol_of(name).transport == "tcp", name


def test_every_protocol_of_the_table_has_a_probe_or_keys_in_the_vocabulary() -> None:
    words = {key.partition(".")[0] for key in load_yaml(built_in_folder() / "vocabulary.yaml").entries()}
    assert PROTOCOLS.keys() <= words | load().keys()


def test_what_people_type_is_a_key_of_the_vocabulary() -> None:
    assert set(load_yaml(built_in_folder() / "vocabulary.yaml").entries()) >= TYPED


def test_the_maker_s_own_search_is_believed_before_a_web_page() -> None:
    assert rank_of("sadp.model") < rank_of("http.title") < rank_of("mac") < LAST


def test_how_a_new_probe_travels_follows_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new probe needs no row of its own here."""
    for name, how in (("trial_udp", "datagrams=(1,), listen_ports=()"), ("trial_tcp", "datagrams=(), listen_ports=()")):
        text = f"from types import SimpleNamespace\nPROBE = SimpleNamespace({how})\n"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(probes, "__path__", [*probes.__path__, str(tmp_path)])
    assert (transport_of("trial_udp"), transport_of("trial_tcp")) == ("UDP", "TCP")
    assert protocol_of("trial_udp.model").transport == "udp"
    assert transport_of("nobody knows it") == "TCP"


def test_a_protocol_that_is_not_listed_is_believed_last_and_proves_no_maker() -> None:
    assert rank_of("brand_new.model") == LAST
    assert not protocol_of("brand_new").declares_maker
