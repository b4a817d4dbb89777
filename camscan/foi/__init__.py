"""Answers for freedom of information requests: the questions, what is withheld, and what would reveal it. Pure.

Nothing that must stay within the council comes into this room: a device is a ``Unit`` here, without name, place,
address or number. ``questions`` counts units, ``withholding`` proposes what not to give, ``comparing`` compares a pack
with the packs that were released before, and ``pack`` puts the answer together.
"""
