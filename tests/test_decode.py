"""Firmware and serial forms of both makers. The serials have the real grammar and made-up endings."""

from __future__ import annotations

from datetime import date

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import decode


@pytest.mark.parametrize(
    ("text", "version", "build"),
    [
        ("V5.6.2build 190701", "5.6.2", date(2019, 7, 1)),
        ("V5.5.31 build 180903", "5.5.31", date(2018, 9, 3)),
        ("V4.61.030 build 230821", "4.61.030", date(2023, 8, 21)),
        ("V3.4.88 build180228", "3.4.88", date(2018, 2, 28)),
        ("V5.7.23_241015", "5.7.23", date(2024, 10, 15)),
        ("V5.0, build 191213", "5.0", date(2019, 12, 13)),
        ("V5.7.17", "5.7.17", None),
        ("4.001.0000000.2.R,build:2022-05-10", "4.001.0000000.2.R", date(2022, 5, 10)),
        ("2.820.0000000.18.R, Build Date: 2021-08-18", "2.820.0000000.18.R", date(2021, 8, 18)),
        ("2.811.0000013.0.R, Build Date 2023-12-20", "2.811.0000013.0.R", date(2023, 12, 20)),
        ("V2.800.0000000.12.R", "2.800.0000000.12.R", None),
        ("V2.400.0000000.16.R.20170831", "2.400.0000000.16.R", date(2017, 8, 31)),
        ("4.000.00IB002.17", "4.000.00IB002.17", None),
        ("V5.7.7build241203", "5.7.7", date(2024, 12, 3)),
        ("V1.4.0_b221212", "1.4.0", date(2022, 12, 12)),
        ("version=4.001.0000000.2.R,build:2022-05-10", "4.001.0000000.2.R", date(2022, 5, 10)),
        ("DH_IPC-HX4X21_Eng_P_V2.400.0000000.16.R.20170831.bin", "2.400.0000000.16.R", date(2017, 8, 31)),
        ("DH_IPC-HX5XXX-Leo_PN_V3.140.0000000.15.R.240805.bin", "3.140.0000000.15.R", date(2024, 8, 5)),
        ("DH_IPC_V2.400.0000000.16.R.2017-08-31.bin", "2.400.0000000.16.R", date(2017, 8, 31)),
        ("2.623.00AC004.0.R.200316", "2.623.00AC004.0.R", date(2020, 3, 16)),
        ("2.840.0000000.6.R.991399", "2.840.0000000.6.R", None),
        ("V5.6.11 build 20210514", "5.6.11", date(2021, 5, 14)),
        ("1.000.0000001.1.R,build:2023/05/06", "1.000.0000001.1.R", date(2023, 5, 6)),
        ("V5.0 build 000000", "5.0", None),
        ("9.70.1.5", "9.70.1.5", None),
        ("3.11.0000000.1.R", "3.11.0000000.1.R", None),
        ("4.510.10IM001.0.R", "4.510.10IM001.0.R", None),
        ("V4.61.025", "4.61.025", None),
        ("FN1110-L-1.0.0.200604", "1.0.0", None),
    ],
)
def test_firmware_forms(text: str, version: str, build: date | None) -> None:
    assert decode.decode_firmware(text) == decode.Firmware(version, build)


@pytest.mark.parametrize("text", ["", "N/A", "build", "7"])
def test_what_is_not_a_firmware(text: str) -> None:
    assert decode.decode_firmware(text) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("V5.6.2build 190701", "V5.6.2 build 190701"),
        ("V5.6.2 build 190701", "V5.6.2 build 190701"),
        ("V5.0, build 191213", "V5.0 build 191213"),
        ("2.820.0000000.18.R, Build Date: 2021-08-18", "2.820.0000000.18.R build 2021-08-18"),
        ("4.001.0000000.2.R,build:2022-05-10", "4.001.0000000.2.R build 2022-05-10"),
        ("2.420.Dahua 00.14.R, build: 2016-06-18", "2.420.Dahua 00.14.R build 2016-06-18"),
        ("5.50beta3", "5.50beta3"),
    ],
)
def test_one_form_for_comparing(text: str, form: str) -> None:
    assert decode.firmware_text(text) == form


@pytest.mark.parametrize(
    ("text", "model", "channels", "made", "region"),
    [
        ("DS-2CD2385G1-I20200414AAWRE33000001", "DS-2CD2385G1-I", None, date(2020, 4, 14), "WR"),
        ("DS-7804HQH-K10420190822CCCHD53000001WCVU", "DS-7804HQH-K1", 4, date(2019, 8, 22), "CH"),
        ("DS-2CD5026EFWD-A20171214AACH147000001", "DS-2CD5026EFWD-A", None, date(2017, 12, 14), "CH"),
        ("DS-2CD2T22WD-I320160307AAWR500000001", "DS-2CD2T22WD-I3", None, date(2016, 3, 7), "WR"),
        ("DS-KH6320-WTE10120200106WRQ01000001CLU", "DS-KH6320-WTE1", 1, date(2020, 1, 6), "WR"),
        ("DS-KV8213-WME1(C)0120230508RRAB0000001", "DS-KV8213-WME1(C)", 1, date(2023, 5, 8), "RR"),
        ("DS-KV9503-WBE10020230627ENAD0000001", "DS-KV9503-WBE1", 0, date(2023, 6, 27), "EN"),
        ("DS-KD8003-IME10020200102WRD00000001CLU", "DS-KD8003-IME1", 0, date(2020, 1, 2), "WR"),
        ("CS-H8c-R100-1K2WKFL0120250611CCRRBF9000001", "CS-H8c-R100-1K2WKFL", 1, date(2025, 6, 11), "RR"),
        ("DS-K1A340FWX20240102V010207ENJ50000001", "DS-K1A340FWX", None, date(2024, 1, 2), "EN"),
        ("DS-2CD2047G2-LU20240305AAINL00000001", "DS-2CD2047G2-LU", None, date(2024, 3, 5), "IN"),
        ("DS-I20020210304AAWRE00000001", "DS-I200", None, date(2021, 3, 4), "WR"),
        ("IPC-B14020210304AAWRE00000001", "IPC-B140", None, date(2021, 3, 4), "WR"),
        ("ECI-T24F220230615AAWRAC4000001", "ECI-T24F2", None, date(2023, 6, 15), "WR"),
    ],
)
def test_hikvision_serials(text: str, model: str, channels: int | None, made: date, region: str) -> None:
    found = decode.hikvision_serial(text)
    assert found
    assert (found.model, found.channels, found.made, found.region) == (model, channels, made, region)
    assert found.short in text


@pytest.mark.parametrize(
    "text",
    [
        *("", "DS-2CD2385G1-I", "DS-2CD2146G2-ISU00000000AAWRG00000000", "6C01E93PAG00001"),
        *("20230627AAXY1234567", "ND021911000001"),
    ],
)
def test_what_is_not_a_hikvision_serial(text: str) -> None:
    assert decode.hikvision_serial(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("6C01E93PAG00001", "4A040C2PAU00001", "1F0B2C3PAXD4E5F", "4C0A1B2PAGC3D4", "6J0DA6EPAJ00000"),
        *("BD04CE2PAJ3B9BF", "PZC4KW200000001", "PZC3DW171W00001", "TZA4KW13600001"),
    ],
)
def test_dahua_serials(text: str) -> None:
    assert decode.is_dahua_serial(text)


@pytest.mark.parametrize("text", ["", "907F3C6C7A1B2C3D", "K3LJ3400000RH", "ND011800000000", "DS-2CD2385G1-I"])
def test_what_is_not_a_dahua_serial(text: str) -> None:
    assert not decode.is_dahua_serial(text)


def test_the_month_of_a_dahua_serial_is_an_estimate() -> None:
    assert decode.dahua_serial_date("4A040C2PAU00001") == date(2018, 1, 1)
    assert decode.dahua_serial_date("6J0DA6EPAJ00000") == date(2020, 10, 1)
    assert decode.dahua_serial_date("ZZ0DA6EPAJ00000") is None
    assert decode.dahua_serial_date("PZC4KW200000001") is None


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("AMC094B09882D50001", "Amcrest"),
        ("AMC000N49XXX000001", "Amcrest"),
        ("ND021911000001", "Lorex"),
        ("ND02191100000A", "Lorex"),
        ("K3LJ3400001RH", "Intelbras"),
        ("K3LJ34000001H0", "Intelbras"),
        ("F123456789012", None),
        ("ACCC12345678", None),
        ("AMCREST", None),
        ("IP2M-841B", None),
        ("ND9441", None),
        ("6C01E93PAG00001", None),
        ("DS-2CD2385G1-I20200414AAWRE33000001", None),
    ],
)
def test_serials_of_a_badges_own_form(text: str, brand: str | None) -> None:
    assert decode.badge_serial(text) == brand


@pytest.mark.parametrize("text", ["ND021911000001", "PZC4KW200000001", "DS-2CD2385G1-I20200414AAWRE33000001"])
def test_serials_of_every_form(text: str) -> None:
    assert decode.is_serial(text)
    assert not decode.is_serial(text[:9])


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "N/A", "REDACTED", "<serial>", "unknown", "0000000", "**************", "XXXXXXXX", "none", "--"),
        *("DS-2CD2146G2-ISU00000000AAWRG00000000", "DS-2CD2155FWD-XXXXXXXXXXXX", "00:00:00:00:00:00"),
    ],
)
def test_placeholders(text: str) -> None:
    assert decode.is_placeholder(text)


@pytest.mark.parametrize("text", ["DS-2CD2385G1-I", "6C01E93PAG00001", "V5.6.2", "HCVR", "AXX100", "1.11", "11.1"])
def test_real_texts_are_not_placeholders(text: str) -> None:
    assert not decode.is_placeholder(text)


def test_a_hashed_realm_is_a_hash() -> None:
    assert decode.is_hash("907F3C6C7A1B2C3D")
    assert decode.is_hash("0123456789abcdef" * 2)
    assert not decode.is_hash("6J0DA6EPAJ00000")
    assert not decode.is_hash("2102350000000012")


@examples(200)
@given(st.text(max_size=300))
def test_any_text_is_decoded_or_not(text: str) -> None:
    found = decode.decode_firmware(text)
    assert found is None or found.version
    assert isinstance(decode.firmware_text(text), str)
    serial = decode.hikvision_serial(text)
    assert serial is None or text.strip().endswith(serial.short) or serial.short in text
    assert decode.dahua_serial_date(text) is None or decode.is_dahua_serial(text)
    assert decode.is_placeholder(text) in {True, False}


def test_a_door_terminals_serial_carries_its_first_firmware() -> None:
    found = decode.hikvision_serial("DS-K1T341CMFW20230901V030315ENFH3000001")
    assert found is not None
    assert (found.model, found.made, found.region, found.short) == (
        "DS-K1T341CMFW",
        date(2023, 9, 1),
        "EN",
        "FH3000001",
    )
    assert found.first_firmware == "3.3.15"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("build 240606", date(2024, 6, 6)),
        ("240606", date(2024, 6, 6)),
        ("2020-06-05", date(2020, 6, 5)),
        ("20210514", date(2021, 5, 14)),
        ("build 241306", None),
        ("2020-0605", None),
        ("V5.7.17", None),
        ("", None),
    ],
)
def test_a_build_in_a_field_of_its_own_is_a_day(text: str, day: date | None) -> None:
    assert decode.decode_build(text) == day
