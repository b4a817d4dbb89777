"""The table of protocols agrees with the probes and the vocabulary."""

from __future__ import annotations

from camscan.fingerprints.place import built_in
from camscan.probes import load
from camscan.protocols import LAST, PROTOCOLS, TYPED, protocol_of, rank_of
from camscan.strict_yaml import load_yaml


def test_every_probe_travels_as_the_table_says() -> None:
    for name, probe in load().items():
        if probe.datagrams:
            assert protocol_of(name).transport == "udp", name
        elif probe.ports:
            assert protocol_of(name).transport == "tcp", name


def test_every_protocol_of_the_table_has_a_probe_or_keys_in_the_vocabulary() -> None:
    words = {key.partition(".")[0] for key in load_yaml(built_in() / "vocabulary.yaml").entries()}
    assert PROTOCOLS.keys() <= words | load().keys()


def test_what_people_type_is_a_key_of_the_vocabulary() -> None:
    assert set(load_yaml(built_in() / "vocabulary.yaml").entries()) >= TYPED


def test_the_maker_s_own_search_is_believed_before_a_web_page() -> None:
    assert rank_of("sadp.model") < rank_of("http.title") < rank_of("mac") < LAST


def test_a_protocol_that_is_not_listed_is_believed_last_and_proves_no_maker() -> None:
    assert rank_of("brand_new.model") == LAST
    assert not protocol_of("brand_new").declares_maker
