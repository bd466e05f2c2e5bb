"""What is wrong with a file, in one line."""

from __future__ import annotations


class FileError(Exception):
    """A file that cannot give the labels asked for; the message says why, in one line."""


def first_line(error: Exception) -> str:
    """Return the first line of what an exception says, or its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
