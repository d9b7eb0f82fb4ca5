"""Tell statements that may write from those that only read or steer the session."""

from __future__ import annotations

import re

# What stands before the first word: spaces, brackets, comments.
_FIRST_WORD = re.compile(r"(?:[\s(]|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w+)", re.DOTALL)
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "COPY", "CALL", "DO", "EXECUTE"})
# These may carry a writing statement inside.
_WRAPPING = frozenset({"WITH", "EXPLAIN"})
_INSIDE = re.compile(rf"\b(?:{'|'.join(sorted(_WRITING))})\b", re.IGNORECASE)


def may_write(statement: str) -> bool:
    """Whether a statement, or one of several in one string, may change rows.

    Changes of the schema are no writes, for some of them must not share a message with another statement. A
    function that a SELECT calls is taken for one that only reads: call what writes with CALL or PERFORM.

    Args:
        statement: SQL with its placeholders, before any value is put in.
    """
    if not (found := _FIRST_WORD.match(statement)):
        return False
    word = found.group(1).upper()
    if word in _WRITING:
        return True
    has_more = word in _WRAPPING or ";" in statement.rstrip().rstrip(";")
    return has_more and _INSIDE.search(statement) is not None
