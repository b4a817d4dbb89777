"""Pages for people without a terminal: routes, rights, forms and templates. ``camscan serve`` serves them.

A page is one file of ``pages/``, found by its place, with a template and a row in ``rights.py``. ``camscan/app``
decides what a page shows or does; there is no SQL and no domain logic here. docs/development.md ("A page of camscan
serve") lists what a page can use.

Importing this package is cheap; ``server`` loads the libraries of the extra ``web``.
"""
