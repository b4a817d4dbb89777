"""Answers for freedom of information requests: what may be asked, what is kept back, and what gives it away. Pure.

Nothing that must not leave the council comes into this room: a device is a ``Unit`` here, which has no name, place,
address or number. ``questions`` counts units, ``withholding`` proposes what not to give, ``comparing`` holds a pack
against those that were released before, ``pack`` puts the answer together.
"""
