"""Guesses the columns of other people's camera lists by their headings. Pure.

The headings are those of councils, contractors and insurers. They are compared without case, punctuation, units and
words without meaning. A heading that may mean two things is not guessed: the person who imports the list says it with
``--map``. The result of a guess is always printed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

_NAMES: Mapping[str, str] = {
    "council_asset_tag": (
        "asset tag|asset no|asset number|asset id|asset ref|asset reference|asset label|asset|camera no|camera number|"
        "camera id|camera ref|camera reference|cam no|cam number|cam id|cctv no|cctv number|cctv id|cctv ref|device no|"
        "device number|device id|device ref|unit no|unit number|unit id|equipment no|equipment number|tag|tag no|"
        "tag number|label|inventory no|inventory number|barcode|ref|ref no|reference|reference no|reference number|"
        "council tag|council asset no|council asset number|our ref|plant no"
    ),
    "stated_manufacturer": "make|maker|manufacturer|brand|vendor|oem|camera make|device make|make of camera|mfr|manuf",
    "stated_model": (
        "model|model no|model number|model name|model ref|model reference|"
        "camera model|device model|product|product code|part no|part number|sku"
    ),
    "make and model": (
        "make model|make and model|manufacturer and model|manufacturer model|brand model|brand and model|"
        "camera make and model"
    ),
    "stated_serial_number": (
        "serial|serial no|serial number|serial num|s n|sn|ser no|device serial|camera serial|camera serial number|"
        "device serial number|serial nr|serialnumber|serialno"
    ),
    "stated_device_type": "device type|camera type|equipment type|type of camera|type of device|kind|category|type",
    "stated_mac_address": "mac|mac address|mac addr|physical address|ethernet address|hardware address|macaddress",
    "stated_ip_address": (
        "ip|ip address|ip addr|ipv4|ipv4 address|ip v4|network address|device ip|camera ip|camera ip address|ipaddress|"
        "current ip|static ip|address ip|ip camera address"
    ),
    "site_name": (
        "site|site name|building|building name|premises|property|establishment|school|site building|name of site|"
        "site location|facility"
    ),
    "location_detail": (
        "location|camera location|position|location description|where|place|location in building|room|area|floor|"
        "camera position|view|camera name|name|description|device name|location detail|mounting location|exact location"
    ),
    "uprn": "uprn|property ref|property reference|property number|site ref|site no|site number|site id|site code",
    "site_type": "site type|building type|property type|premises type",
    "owner_service": (
        "service|department|dept|directorate|division|team|owner|owning service|service area|business unit"
    ),
    "responsible_person_role": "responsible role|responsible officer role|role responsible",
    "vlan_or_subnet": "vlan|subnet|network|vlan id|vlan no",
    "estimated_cost": (
        "cost|estimated cost|est cost|replacement cost|replacement value|cost of replacement|cost to replace|estimate|"
        "removal cost|budget cost|cost estimate|quoted cost|quote"
    ),
    "purchase_cost": (
        "purchase cost|purchase price|price paid|price|unit price|unit cost|original cost|cost new|paid|"
        "acquisition cost|acquisition value"
    ),
    "purchase_date": (
        "purchase date|purchased|date purchased|date of purchase|bought|installed|install date|installation date|"
        "date installed|date of installation|installed on|commissioned|date commissioned|acquired|acquisition date|"
        "date acquired|in service date|in service from|go live date"
    ),
    "supplier": "supplier|installer|installed by|contractor|reseller|purchased from",
    "contract_ref": "contract|contract no|contract number|contract ref|maintenance contract",
    "warranty_or_support_end": (
        "warranty|warranty end|warranty exp|warranty expires|warranty expiry date|warranty expiry|warranty until|"
        "support end|end of support|end of life|eol|eol date"
    ),
    "budget_code": (
        "budget|budget code|cost centre|cost center|cost code|gl code|ledger code|finance code|cost centre code|"
        "account code"
    ),
    "funding_source": "funding|funding source|funded by|source of funding",
    "planned_removal_date": (
        "planned removal|planned removal date|removal date planned|date planned|due|due date|removal due|target date|"
        "target removal date|replacement date|planned date|planned for removal|remove by|to be removed|"
        "to be removed by|"
        "removal planned|planned replacement date|replace by|date of planned removal|planned"
    ),
    "removal_phase": "phase|tranche|programme year|stage|wave",
    "blocked_by": "blocked by|blocker|on hold because|obstacle|held up by|issue",
    "actual_removal_date": (
        "removed|removed on|date removed|removal date|date of removal|decommissioned|taken down|removed date"
    ),
    "removal_evidence_ref": (
        "works order|works order no|work order|wo|job no|job number|evidence|proof|removal evidence|order no|"
        "proof of removal|job ref|job reference|works order number|ticket|ticket no"
    ),
    "lifecycle_status": "status|state|lifecycle|current status|removal status|asset status",
    "replacement_make_model": (
        "replacement|replaced by|replacement camera|replacement model|new camera|replacement device"
    ),
    "last_confirmed_on": (
        "last checked|last inspected|last visited|date checked|inspection date|last inspection|last seen on site"
    ),
    "disposal_route": "disposal|disposal route|disposed how|disposal method",
    "disposal_date": "disposed|disposed on|date disposed|disposal date",
    "disposal_certificate_ref": "disposal certificate|weee certificate|weee ref|certificate of destruction",
    "data_wiped": "data wiped|wiped|data erased|hard drive wiped",
    "dpia_ref": "dpia|dpia ref|dpia no|privacy assessment",
    "dpia_review_date": "dpia review|dpia review date|review date dpia",
    "notes": "notes|note|comment|comments|remarks|remark|additional information|other|further information|info",
    "controller": "controller|controlled by|landlord or own|ownership",
    "recorder_channel": "channel|channel no|channel number|nvr channel|dvr channel|recorder channel|ch",
    "connection": "connection|connection type|connected by",
    "scope_decision_ref": "decision|minute|decision ref|minute ref|cabinet minute",
}
"""Column -> the headings that people use for it, without punctuation."""
_BOTH = "make and model"
_MEANING = {said: column for column, names in _NAMES.items() for said in names.split("|")}
_NOISE = re.compile(
    r"\((?:gbp|£|pounds|if known|dd/mm/yyyy|yyyy-mm-dd|ex(?:cl)?\.? vat|inc(?:l)?\.? vat|optional)\)|£|\bgbp\b"
)
_BROKEN_WORD = re.compile(r"(?<=[a-z])-\s*\n\s*(?=[a-z])")
"""A hyphen at the end of a line, as in a narrow column."""
_LETTERS = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?|\b[a-z]\.[a-z]\b")
"""Letters with full stops, such as ``I.P.`` and ``M.A.C.``."""
_POUNDS = re.compile(r"\b(?:ex|exc|excl|inc|incl|excluding|including) vat\b")
_FEW = {"number": "no", "num": "no", "nr": "no", "no.": "no", "identifier": "id", "&": "and"}


def guess_columns(headings: Sequence[str]) -> Mapping[int, str]:
    """Index -> the column that a heading probably means.

    If two headings mean one column, the plainer heading has it.
    """
    found: dict[int, str] = {}
    taken: dict[str, int] = {}
    for place, text in enumerate(headings):
        column = column_meant(text)
        if column and column not in taken:
            taken[column] = place
            found[place] = column
    places = [at for at, text in enumerate(headings) if column_meant(text) == "location_detail"]
    of_device = [at for at in places if _plain_words(headings[at]) in _OF_DEVICE]
    if of_device and len(of_device) < len(places):  # a name beside a place: the place counts
        found.pop(places[0])
        places = [at for at in places if at not in of_device]
        found[places[0]] = "location_detail"
    if "site_name" not in taken and len(places) > 1:  # a building and a place in it, and neither is called the site
        found[places[0]] = "site_name"
        found[places[1]] = "location_detail"
    return found


_OF_DEVICE = frozenset({"camera name", "name", "description", "device name", "view"})
"""Headings for the name of a device, which often says where it is, but never the site."""


@functools.lru_cache(maxsize=8192)
def column_meant(heading: str) -> str:
    """The column that a heading means by itself; empty if people use it for none."""
    column = _meaning(heading)
    return "" if column == _BOTH else column


def is_make_and_model(heading: str) -> bool:
    """Whether a heading is for the make and the model in one cell."""
    return _meaning(heading) == _BOTH


def _meaning(heading: str) -> str:
    said = _plain_words(heading)
    return _MEANING.get(said) or _PLAINER.get(said, "")


def _plain_words(heading: str) -> str:
    """The words of a heading, without units, punctuation, and the hyphen at the end of a line."""
    plain = _NOISE.sub(" ", _BROKEN_WORD.sub("", heading.strip("\ufeff").casefold()))
    plain = _LETTERS.sub(lambda match: match[0].replace(".", ""), plain)
    plain = _POUNDS.sub(" ", re.sub(r"[^\w&]+", " ", plain.replace("#", " no ").replace("_", " ")))
    return " ".join(_FEW.get(word, word) for word in plain.split() if word != "the")


_PLAINER = {" ".join(_FEW.get(word, word) for word in said.split()): column for said, column in _MEANING.items()}
