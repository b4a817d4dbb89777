"""What WSDiscovery finds by multicast, as JSON: for each question the addresses and scopes by endpoint."""

from __future__ import annotations

import json
import sys

from wsdiscovery import QName
from wsdiscovery.discovery import ThreadedWSDiscovery

QUESTIONS = {
    "": None,
    "NetworkVideoTransmitter": [QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")],
    "Device": [QName("http://www.onvif.org/ver10/device/wsdl", "Device")],
}

ROUNDS = 4

if __name__ == "__main__":
    found: dict[str, dict[str, object]] = {}
    for name, types in QUESTIONS.items():
        client = ThreadedWSDiscovery()
        client.start()
        told = found.setdefault(name, {})
        for _ in range(ROUNDS):  # its sockets are opened by a thread, and datagrams may be lost: until nothing is new
            before = len(told)
            for one in client.searchServices(types=types, timeout=2):
                told[one.getEPR()] = [one.getXAddrs(), [scope.getValue() for scope in one.getScopes()]]
            if before == len(told) > 0:
                break
        client.stop()
    sys.stdout.write(json.dumps(found))
