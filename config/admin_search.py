"""From what an operator types to keys, so that large tables are asked by index only."""

from __future__ import annotations

import re

_BIGINT = 2**63


def whole_number(term: str) -> int | None:
    """The 64-bit number that was typed, if it was one."""
    # ASCII digits only, and not so many that reading them takes time.
    if not re.fullmatch(r"-?[0-9]{1,19}", term):
        return None
    return int(term) if abs(int(term)) < _BIGINT else None
