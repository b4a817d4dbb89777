"""What python-amcrest makes of a wrong password, as JSON by unit. Arguments: ``address:port`` of each."""

from __future__ import annotations

import json
import sys

from amcrest import AmcrestCamera
from amcrest.exceptions import AmcrestError

if __name__ == "__main__":
    told = {}
    for place in sys.argv[1:]:
        address, _, port = place.partition(":")
        try:
            told[place] = AmcrestCamera(address, int(port), "admin", "not the password").camera.device_type
        except AmcrestError as error:
            told[place] = type(error).__name__
    sys.stdout.write(json.dumps(told))
