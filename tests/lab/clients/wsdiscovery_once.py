"""The addresses that one search by WSDiscovery finds, with its own settings, as JSON."""

from __future__ import annotations

import json
import sys
from urllib.parse import urlsplit

from wsdiscovery.discovery import ThreadedWSDiscovery

if __name__ == "__main__":
    client = ThreadedWSDiscovery()
    client.start()
    found = {urlsplit(url).hostname for one in client.searchServices() for url in one.getXAddrs()}
    client.stop()
    sys.stdout.write(json.dumps(sorted(host for host in found if host)))
