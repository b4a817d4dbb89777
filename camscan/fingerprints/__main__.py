"""``python -m camscan.fingerprints [DIRECTORY…]``: prints what is wrong with the database; exits 1 if anything is."""

from __future__ import annotations

import sys
from pathlib import Path

from camscan.fingerprints import check_database

if __name__ == "__main__":
    found = check_database([Path(argument) for argument in sys.argv[1:]])
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    sys.exit(bool(found))
