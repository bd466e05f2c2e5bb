"""Arrays of NumPy and columns of AnnData files, of which only those that are wanted are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from amiable._extras import hint
from amiable.files.errors import FileError


def open_numpy(path: Path) -> Mapping[str, np.ndarray]:
    """Return the columns of a 2-D array, the fields of a structured one, or the arrays of an archive, read later."""
    loaded = np.load(path, allow_pickle=False)
    if not isinstance(loaded, np.ndarray):
        return loaded  # type: ignore[no-any-return]
    if loaded.dtype.names:
        return {name: loaded[name] for name in loaded.dtype.names}
    table = loaded[:, None] if loaded.ndim == 1 else loaded
    return {str(i): table[:, i] for i in range(table.shape[1])} if table.ndim == 2 else {"array": table}


def frame_of_arrays(name: str, arrays: Mapping[str, np.ndarray], wanted: Sequence[str]) -> pl.LazyFrame:
    """Return arrays as the columns of a frame."""
    columns = {one: arrays[one] for one in wanted}
    for one, column in columns.items():
        if column.ndim != 1:
            raise FileError(f"{name} holds {one!r} of shape {column.shape}: expected one label a sample")
    lengths = {one: len(column) for one, column in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{one!r} has {length}" for one, length in lengths.items())
        raise FileError(f"{name} holds columns of unequal lengths: {found}")
    return pl.LazyFrame(columns)


def open_h5ad(path: Path, name: str) -> tuple[list[str], Any]:
    """Return the names of the columns of `obs` in a file of AnnData, and its group, from which they are read later."""
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise FileError(hint(f"reading {name}", "h5py", "files")) from error
    file = h5py.File(path)
    obs = file.get("obs")
    if not isinstance(obs, h5py.Group) or "column-order" not in obs.attrs:
        raise FileError(
            f"{name} has no group 'obs' with columns: expected a file that anndata 0.7 or later has written"
        )
    return [str(column) for column in obs.attrs["column-order"]], obs


def frame_of_obs(obs: Any, wanted: Sequence[str]) -> pl.LazyFrame:
    """Return columns of `obs` as those of a frame."""
    return pl.LazyFrame([_column(column, obs[column]) for column in wanted])


def _column(name: str, stored: Any) -> pl.Series:
    """Return a column as AnnData stores it: an array, categories with codes, or values with a mask."""
    if "categories" in stored:
        categories = _column(name, stored["categories"]).extend_constant(None, 1)
        codes = stored["codes"][:]
        return categories.gather(np.where(codes < 0, len(categories) - 1, codes))
    if "mask" in stored:
        missing = pl.Series(stored["mask"][:])
        return _column(name, stored["values"]).zip_with(~missing, pl.Series([None]))
    values = stored.asstr()[:] if stored.dtype.kind == "O" else stored[:]
    return pl.Series(name, values)
