"""Spreadsheets of the register: written for people, read back from them. One format per file in ``formats/``."""
