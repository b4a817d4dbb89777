"""What onvif-zeep makes of a unit and a wrong password, as JSON. Arguments: the WSDL folder, ``address:port`` of each.

Constructing the camera asks for its capabilities, which must be readable.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from onvif import ONVIFCamera, ONVIFError

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    told: dict[str, dict[str, Any]] = {}
    for place in sys.argv[2:]:
        address, _, port = place.partition(":")
        said = told.setdefault(place, {})
        try:
            camera = ONVIFCamera(address, int(port), "admin", "not the password", sys.argv[1])
            said["year"] = camera.devicemgmt.GetSystemDateAndTime().UTCDateTime.Date.Year
            said["model"] = camera.devicemgmt.GetDeviceInformation().Model
        except ONVIFError as error:
            said["refused"] = str(error)
    sys.stdout.write(json.dumps(told))
