"""Scanning: who is asked what, when, and with what result.

``engine`` leads every address through host discovery (``discovery``), datagrams, groups (``multicast``) and
conversations (``tcp``); ``state`` holds what is known about each; ``coverage`` counts; ``journal`` keeps it on disk.
"""
