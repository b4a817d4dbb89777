"""Sorts rows of other people's spreadsheets: which devices the register already has, and which are new. Pure.

A row is recognised by council tag, serial number or MAC address. A row without these is recognised by its IP address
among the devices that were added by address, or if it equals a row from which a device was added. So the same file may
be imported twice, and no device is added twice. An address names a device that a scan saw only if the caller allows it:
the address may belong to another device since the list was written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from camscan.asset import WORKED_OUT, Asset, Change, Lifecycle
from camscan.asset.behind import why_no_channel
from camscan.asset.entry import normalise
from camscan.asset.lifecycle import complete_entries
from camscan.fingerprints.wording import load_words
from camscan.sheets import Line
from camscan.sheets.compare import Comparison, Entry, complete_row_entries, is_given_by_scan
from camscan.sheets.excel_damage import check_cell, check_new_text
from camscan.sheets.faulty_cells import FaultyCell
from camscan.sheets.heading import LIST_FROM, FoundTable, columns_of
from camscan.sheets.named_recorder import why_not_connected
from camscan.sheets.several import SeveralFinder
from camscan.sheets.their_cells import cell_meaning

_LABEL = 9
"""Length of the short serial number that makers print on labels: the end of the full number."""
_DATED = frozenset({"actual_removal_date", "disposal_date"})
"""Columns whose texts, also those without a day, say that the device is gone."""
_UNPLANNED = frozenset({Lifecycle.FOUND, Lifecycle.CONFIRMED})
_WORDS_OF_A_HEADING = 3
_ADDRESS = "stated_ip_address"
_NAMING = frozenset(
    {
        *("council_asset_tag", "stated_serial_number", "stated_mac_address", "stated_ip_address", "recorder_asset_id"),
        *("site_name", "location_detail", "uprn", "stated_model", "stated_manufacturer", "notes"),
    }
)
"""Columns of which a row must have one, so that a person can find the device."""
_UNIQUE = ("council_asset_tag", "stated_serial_number", "stated_mac_address")


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A row with a device that is new to the register."""

    row: int
    entries: Mapping[str, str]
    """The entries as they would be stored."""


@dataclass(frozen=True, slots=True)
class SortedRows:
    """The result for the rows that do not name a device of the register."""

    new: tuple[NewDevice, ...]
    filled: tuple[Entry, ...]
    """Entries that a row would add to a device that the register has already, for columns that nobody has filled in."""
    known: tuple[tuple[int, str], ...]
    """Row number and a sentence: why it is not a new device."""
    left_out: tuple[tuple[int, str], ...]
    has_key: bool = True
    """Whether any row of the file has a value that distinguishes devices."""
    by_address: int = 0
    """How many rows that were left out could belong to the device at their address."""


class _RowSorter:
    """Sorts the unknown rows of one file."""

    def __init__(
        self, assets: Iterable[Asset], changes: Iterable[Change], today: date, *, overwrite: bool, by_address: bool
    ) -> None:
        self.assets = {asset.asset_id: asset for asset in assets}
        self.index = _index_by_mark(self.assets.values())
        self.holders = _address_holders(self.assets.values())
        self.originals = _original_rows(self.assets, changes)
        self.today = today
        self.overwrite = overwrite
        self.by_address = by_address
        self.could_be = 0
        self.rows: dict[tuple[str, str], int] = {}
        self.sites: dict[int, str] = {}
        """Number of a row with a new device -> its site."""
        self.new: list[NewDevice] = []
        self.filled: list[Entry] = []
        self.known: list[tuple[int, str]] = []
        self.left_out: list[tuple[int, str]] = []
        self.has_key = False

    def sort_row(self, number: int, entries: Mapping[str, str]) -> None:
        status = entries.get("lifecycle_status")
        if entries.get("planned_removal_date") and status in _UNPLANNED:  # a list's "found" is not a decision
            entries = {name: value for name, value in entries.items() if name != "lifecycle_status"}
        try:
            whole = complete_entries({}, entries, self.today)
        except ValueError as error:
            self.left_out.append((number, str(error)))
            return
        marks = _list_marks(entries)
        same = next(((mark, self.index[mark]) for mark in marks if mark in self.index), None)
        twin = next(((mark, self.rows[mark]) for mark in marks if mark in self.rows), None)
        if twin:
            self.left_out.append((number, self._describe_twin(*twin, entries)))
        elif same:
            self.rows |= dict.fromkeys(marks, number)
            self._fill_device(number, self.assets[same[1]], entries, _describe_mark(same[0]))
        elif told := self._why_not_connected(entries):
            self.left_out.append((number, told))
        elif (
            not marks
            and (words := next(filter(self.originals.get, map(_undated_entries, (whole, entries))), None)) is not None
        ):
            self.originals[words] -= 1
            self.known.append((number, "is already in the register, word for word"))
        elif holder := self._find_holder(entries):
            self._fill_by_address(number, holder, entries, marks)
        else:
            self.rows |= dict.fromkeys(marks, number)
            self.sites[number] = whole.get("site_name", "")
            self.new.append(NewDevice(number, whole))

    def _describe_twin(self, mark: tuple[str, str], row: int, entries: Mapping[str, str]) -> str:
        """Why a row is not taken whose mark an earlier row has: perhaps each site numbers its own cameras."""
        told = f"{_describe_mark(mark)} is in row {row} too; this row was skipped"
        site, other = entries.get("site_name", ""), self.sites.get(row, "")
        if mark[0] != "council_asset_tag" or not site or not other or site.casefold() == other.casefold():
            return told
        return f"{told}. If each site numbers its own cameras, use --map to take the number for another column"

    def _why_not_connected(self, entries: Mapping[str, str]) -> str:
        """Why a new device cannot be connected to the recorder that its row names.

        Empty if it can, or if none is named.
        """
        recorder, channel = entries.get("recorder_asset_id", ""), entries.get("recorder_channel")
        told = why_not_connected(recorder, self.assets)
        if told or not recorder or not channel:
            return told
        told = why_no_channel(int(channel), self.assets[recorder].channels)
        return f"{recorder} {told}" if told else ""

    def _find_holder(self, entries: Mapping[str, str]) -> Asset | None:
        """The device that a row probably means, because the device holds the row's address."""
        holder = self.assets.get(self.holders.get(entries.get("stated_ip_address", ""), ""))
        if holder and holder.identification.serial and "stated_serial_number" in entries:
            return None  # another unit: the numbers differ
        return holder

    def _fill_by_address(
        self, number: int, holder: Asset, entries: Mapping[str, str], marks: Sequence[tuple[str, str]]
    ) -> None:
        """Fill in the device at a row's address if the address is enough; otherwise report what would be filled in."""
        mark = (_ADDRESS, entries[_ADDRESS])
        told = f"{mark[1]} is the address of {holder.asset_id}"
        if mark in self.rows:
            self.left_out.append(
                (number, f"{_describe_mark(mark)} is in row {self.rows[mark]} too; this row was skipped")
            )
        elif why := _describe_contradiction(holder, entries):
            self.left_out.append((number, f"{told}, {why}; this row was skipped"))
        elif self.by_address or _is_address_alone(holder):
            self.rows |= dict.fromkeys((*marks, mark), number)
            self._fill_device(number, holder, entries, _describe_mark(mark))
        else:
            self.could_be += 1
            self.left_out.append(
                (number, f"{told}; if it is the same device, give the row this asset_id, else remove the address")
            )

    def _fill_device(self, number: int, asset: Asset, entries: Mapping[str, str], why: str) -> None:
        self.known.append((number, f"is {asset.asset_id}: {why}"))
        filled = []
        for name, value in entries.items():
            held = asset.entries.get(name, "")
            if value == held or is_given_by_scan(asset, name):
                continue
            if held and not self.overwrite:
                told = f"{name}: the register has '{held}'; '{value}' was skipped (--overwrite takes it)"
                self.left_out.append((number, told))
            elif name == "recorder_asset_id" and (told := why_not_connected(value, self.assets, asset.asset_id)):
                self.left_out.append((number, told))
            else:
                filled.append(Entry(number, asset.asset_id, name, held, value))
        try:
            self.filled += complete_row_entries(filled, asset, self.today) if filled else ()
        except ValueError as error:
            self.left_out.append((number, str(error)))


def sort_new_rows(  # noqa: PLR0917 - the file, and the register in its parts
    found: FoundTable,
    compared: Comparison,
    assets: Sequence[Asset],
    changes: Sequence[Change],
    today: date,
    overwrite: bool,
    *,
    by_address: bool = False,
) -> SortedRows:
    """Sort the rows that do not name a device of the register; ``by_address`` lets an address name one."""
    sorting = _RowSorter(assets, changes, today, overwrite=overwrite, by_address=by_address)
    several = SeveralFinder(found)
    for line in compared.strangers:
        if told := several.describe(line):
            sorting.has_key = True  # nothing could be told apart by mapping another heading
            sorting.left_out.append((line.number, f"it {told}; give each a row of its own; this row was skipped"))
            continue
        try:
            entries = _row_entries(found, line, compared.american_dates, sorting.left_out)
        except ValueError as error:
            sorting.left_out.append((line.number, str(error)))
            continue
        sorting.has_key = sorting.has_key or bool(_list_marks(entries))
        if len(found.places) >= LIST_FROM and (text := _lone_heading(line, entries)):
            sorting.left_out.append((line.number, f"it has only '{text[:60]}', like a heading; this row was skipped"))
        elif entries and _NAMING.isdisjoint(entries):
            sorting.left_out.append((line.number, "nothing in it says which device it is; this row was skipped"))
        elif entries:
            sorting.sort_row(line.number, entries)
    return SortedRows(
        tuple(sorting.new),
        tuple(sorting.filled),
        tuple(sorting.known),
        tuple(sorting.left_out),
        sorting.has_key or len(compared.strangers) < compared.rows,
        sorting.could_be,
    )


def _lone_heading(line: Line, entries: Mapping[str, str]) -> str:
    """The only text of a row if it is more like a heading within the list than like a device; empty otherwise."""
    texts = [text for cell in line.cells if (text := cell.strip())]
    if len(texts) != 1 or not {"council_asset_tag", "site_name", "location_detail"}.issuperset(entries):
        return ""
    (text,) = texts
    return text if len(text.split()) >= _WORDS_OF_A_HEADING or not any(map(str.isdigit, text)) else ""


def _row_entries(
    found: FoundTable, line: Line, american_dates: Collection[str], left_out: list[tuple[int, str]]
) -> dict[str, str]:
    """The entries of a row. Raises ValueError for a wrong cell, unless its heading was only guessed."""
    entries = {}
    for column in columns_of(found):
        text = found.cell_text(line, column.name)
        try:
            text = text if found.is_ours else cell_meaning(column, text)
            check_cell(column, text, american_dates=column.name in american_dates)
            check_new_text(column, text)
            value = normalise(column, text)
        except ValueError as error:
            if column.name in _DATED and not isinstance(error, FaultyCell):
                raise ValueError(
                    f"{column.name}: {error}; the row says that the device is gone, so give its day"
                ) from None
            if column.name in found.guessed or isinstance(error, FaultyCell):
                left_out.append((line.number, f"{column.name}: {error}; this cell was skipped"))
                continue
            raise ValueError(f"{column.name}: {error}") from None
        if value:
            entries[column.name] = value
    return entries


def _list_marks(entries: Mapping[str, str]) -> list[tuple[str, str]]:
    """Kind and value of everything in a row that distinguishes devices, the surest first."""
    marks = [(name, entries[name].casefold()) for name in _UNIQUE if name in entries]
    serial = entries.get("stated_serial_number", "").casefold()
    if len(serial) >= _LABEL:
        marks.append(("label", serial[-_LABEL:]))
    if "recorder_asset_id" in entries and "recorder_channel" in entries:
        marks.append(("channel", f"{entries['recorder_asset_id']} {entries['recorder_channel']}"))
    if not marks and _ADDRESS in entries:
        marks.append((_ADDRESS, entries[_ADDRESS]))
    return marks


def _is_address_alone(asset: Asset) -> bool:
    """Whether only an address that somebody stated distinguishes the device from others: no scan has seen it."""
    return asset.last_seen is None and [name for name, _ in _list_marks(asset.entries)] == [_ADDRESS]


def _describe_contradiction(holder: Asset, entries: Mapping[str, str]) -> str:
    """Why a row is not the device at its address; empty if nothing contradicts it."""
    tag, theirs = entries.get("council_asset_tag", ""), holder.entries.get("council_asset_tag", "")
    if tag and theirs:
        return f"whose council tag is {theirs}"
    if "stated_mac_address" in entries and holder.mac_addresses:
        return "whose MAC address differs"
    found = holder.identification
    said = _bare_name(entries.get("stated_manufacturer", ""))
    names = [_bare_name(name) for name in (found.maker, found.brand) if name]
    if said and names and not any(name in said or said in name for name in names):
        return f"which a scan identified as {load_words().maker_name(found.maker) if found.maker else found.brand}"
    return ""


def _bare_name(name: str) -> str:
    """A maker's name without the differences between lists: Hik Vision, HIKVISION."""
    return "".join(filter(str.isalnum, name.casefold()))


def _describe_mark(mark: tuple[str, str]) -> str:
    names = {
        "council_asset_tag": "council tag",
        "stated_serial_number": "serial number",
        "label": "serial number",
        "stated_mac_address": "MAC address",
        "channel": "recorder and channel",
        _ADDRESS: "IP address",
    }
    return f"the {names[mark[0]]} {mark[1]}"


def _index_by_mark(assets: Iterable[Asset]) -> Mapping[tuple[str, str], str]:
    index: dict[tuple[str, str], str] = {}
    for asset in assets:
        own = {name: asset.entries[name] for name in _UNIQUE if name in asset.entries}
        serial = asset.identification.serial
        if serial:
            own.setdefault("stated_serial_number", serial)
        recorder = asset.entry("recorder_asset_id") or asset.recorder_asset_id
        channel = asset.entry("recorder_channel") or str(asset.channel or "")
        marks = _list_marks(own)
        marks += [("stated_mac_address", mac) for mac in asset.mac_addresses]
        if recorder and channel:
            marks.append(("channel", f"{recorder} {channel}"))
        for mark in marks:
            index.setdefault(mark, asset.asset_id)
    return index


def _address_holders(assets: Iterable[Asset]) -> Mapping[str, str]:
    """Address -> the device that held it last."""
    holders: dict[str, str] = {}
    for asset in assets:
        for ip in filter(None, (*asset.ip_addresses, asset.entries.get("stated_ip_address"))):
            holders.setdefault(ip, asset.asset_id)
    return holders


def _undated_entries(entries: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """The entries of a row, without the dates that are set on the day of the import."""
    return frozenset((name, value) for name, value in entries.items() if name not in _DATED)


def _original_rows(assets: Mapping[str, Asset], changes: Iterable[Change]) -> Counter[frozenset[tuple[str, str]]]:
    """The rows from which devices were added, with their counts: the first entries of devices that no scan added."""
    first: defaultdict[str, dict[str, str]] = defaultdict(dict)
    when: dict[str, object] = {}
    for change in changes:
        asset = assets.get(change.asset_id)
        if asset is None or asset.record_type in WORKED_OUT:
            continue
        if when.setdefault(change.asset_id, change.at) == change.at:
            first[change.asset_id][change.column] = change.new
            if asset.recorder_asset_id:
                first[change.asset_id]["recorder_asset_id"] = asset.recorder_asset_id
    return Counter(_undated_entries(entries) for entries in first.values())
