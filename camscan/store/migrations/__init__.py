"""The versions of the store, oldest to newest. All steps of an upgrade run in one transaction: whole, or not at all."""
