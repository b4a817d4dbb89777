"""Scanning: who is asked what, when, and what came of it.

``engine`` leads every address through host discovery (``discovery``), datagrams, groups (``multicast``) and
conversations (``tcp``); ``state`` holds what is known of each; ``coverage`` counts; ``journal`` keeps it on disk.
"""
