"""What to install where an optional library is missing."""

from __future__ import annotations

import shlex
from importlib.metadata import requires


def hint(what: str, missing: str | None, extra: str) -> str:
    """Say what is missing for `what`, and the command that installs all that an extra of amiable brings.

    It names the libraries, and so works however amiable itself was installed.
    """
    known = [requirement.replace('"', "'").partition(";") for requirement in requires("amiable") or ()]
    names = [name.strip() for name, _, marker in known if marker.strip() == f"extra == '{extra}'"]
    return f"{what} needs {missing}; install it with: pip install {shlex.join(names)}"
