"""The register's versions, oldest to newest.

All steps of an upgrade run in one transaction: completely or not at all.
"""
