# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""``python -m camscan.link``."""

from __future__ import annotations

import sys

from camscan.link import main

sys.exit(main())
