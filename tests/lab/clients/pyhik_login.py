"""What pyHik logs of a wrong password, as JSON by unit. Arguments: ``address:port`` of each."""

from __future__ import annotations

import json
import logging
import sys

from pyhik.hikvision import HikCamera


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    told = {}
    for place in sys.argv[1:]:
        address, _, port = place.partition(":")
        kept = Kept()
        logging.getLogger().addHandler(kept)
        camera = HikCamera(f"http://{address}", int(port), "admin", "not the password")
        logging.getLogger().removeHandler(kept)
        told[place] = [camera.get_id, *kept.lines]
    sys.stdout.write(json.dumps(told))
