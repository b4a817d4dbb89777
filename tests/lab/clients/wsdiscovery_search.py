"""What WSDiscovery finds by multicast, as JSON: for each question the addresses and scopes by endpoint."""

from __future__ import annotations

import json
import sys
import time

from wsdiscovery import QName
from wsdiscovery.discovery import ThreadedWSDiscovery

QUESTIONS = {
    "": None,
    "NetworkVideoTransmitter": [QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")],
    "Device": [QName("http://www.onvif.org/ver10/device/wsdl", "Device")],
}

if __name__ == "__main__":
    found = {}
    for name, types in QUESTIONS.items():
        client = ThreadedWSDiscovery()
        client.start()
        time.sleep(0.5)  # its sockets are opened by a thread
        found[name] = {
            one.getEPR(): [one.getXAddrs(), [scope.getValue() for scope in one.getScopes()]]
            for one in client.searchServices(types=types, timeout=3)
        }
        client.stop()
    sys.stdout.write(json.dumps(found))
