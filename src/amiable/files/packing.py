"""Files that are compressed, told by their first bytes, or archived."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import zstandard

from amiable.files.errors import FileError, first_line

SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".zip")
_OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": zstandard.open,
}


def unpacked(path: Path, name: str, folder: Path) -> tuple[Path, str]:
    """Return a file that is not compressed, and what it is called; it is made in `folder` if need be."""
    try:
        with contextlib.ExitStack() as stack:
            packed, name = _opened(path, name, stack)
            if packed is None:
                return path, name
            with (folder / "unpacked").open("wb") as copy:
                shutil.copyfileobj(packed, copy)
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, zstandard.ZstdError, RuntimeError) as error:
        raise FileError(f"{name} could not be unpacked: {first_line(error)}") from error
    return folder / "unpacked", name


def _opened(path: Path, name: str, stack: contextlib.ExitStack) -> tuple[IO[bytes] | None, str]:
    """Open what is packed; None for a file that is not."""
    suffix = Path(name).suffix.lower()
    if suffix == ".zip":
        archive = stack.enter_context(zipfile.ZipFile(path))
        members = [one for one in archive.namelist() if not one.endswith("/")]
        if len(members) != 1:
            raise FileError(f"{name} holds {len(members)} files: expected an archive of one")
        return stack.enter_context(archive.open(members[0])), members[0]
    with path.open("rb") as file:
        start = file.read(6)
    inner = name[: -len(suffix)] if suffix in SUFFIXES else name
    opener = next((known for magic, known in _OPENERS.items() if start.startswith(magic)), None)
    return (None if opener is None else stack.enter_context(opener(path))), inner
