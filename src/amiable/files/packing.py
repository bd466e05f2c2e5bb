"""Files that are compressed, told by their first bytes, or archived."""

from __future__ import annotations

import bz2
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


def unpacked(path: Path, name: str, folder: Path) -> tuple[Path, str]:
    """Return a file that is not compressed, made in `folder` if need be, and what it is called."""
    suffix = Path(name).suffix.lower()
    inner = name[: -len(suffix)] if suffix in SUFFIXES else name
    with path.open("rb") as file:
        start = file.read(6)
    unpack = next((known for magic, known in _UNPACK.items() if start.startswith(magic)), None)
    if unpack is None and suffix != ".zip":
        return path, inner
    try:
        with (folder / "unpacked").open("wb") as copy:
            if suffix == ".zip":
                inner = _unpack_archive(path, name, copy)
            elif unpack is not None:
                unpack(path, copy)
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, zstandard.ZstdError, RuntimeError) as error:
        raise FileError(f"{name} could not be unpacked: {first_line(error)}") from error
    return folder / "unpacked", inner


def _unpack_archive(path: Path, name: str, copy: IO[bytes]) -> str:
    """Unpack the only file of an archive; return what it is called."""
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.namelist() if not one.endswith("/")]
        if len(members) != 1:
            raise FileError(f"{name} holds {len(members)} files: expected an archive of one")
        with archive.open(members[0]) as member:
            shutil.copyfileobj(member, copy)
    return members[0]


def _unpack_by(opener: Callable[[Path], Any]) -> Callable[[Path, IO[bytes]], None]:
    def unpack(path: Path, copy: IO[bytes]) -> None:
        with opener(path) as file:
            shutil.copyfileobj(file, copy)

    return unpack


def _unpack_zst(path: Path, copy: IO[bytes]) -> None:
    """Unpack frame by frame, as a stream of zstandard takes what was cut off for a whole."""
    frame = None
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            while block:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                copy.write(frame.decompress(block))
                block = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("the compressed data ends too early")


_UNPACK: dict[bytes, Callable[[Path, IO[bytes]], None]] = {
    b"\x1f\x8b": _unpack_by(gzip.open),
    b"BZh": _unpack_by(bz2.open),
    b"\xfd7zXZ\x00": _unpack_by(lzma.open),
    b"\x28\xb5\x2f\xfd": _unpack_zst,
}
