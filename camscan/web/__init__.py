"""Pages for those without a terminal: routes, rights, forms and templates, served by ``camscan serve``.

A page is one file of ``pages/``, found by its place, with its template and its row in ``rights.py``. What a page shows
or does is decided in ``camscan/app``; here is no SQL and no domain logic. docs/development.md ("A page of camscan
serve") has the seams.

Importing this package is cheap; ``server`` loads the libraries of the extra ``web``.
"""
