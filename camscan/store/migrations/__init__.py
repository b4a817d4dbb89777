"""The versions of the store, oldest to newest.

All steps of an upgrade run in one transaction: completely or not at all.
"""
