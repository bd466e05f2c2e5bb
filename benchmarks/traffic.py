"""What calls ask of an accelerator, counted without one: launches, waits, bytes moved, peak memory.

CPU tensors play the accelerator, so amiable takes the paths of a device; PyTorch tells of every operation. A device
runs the same operations, but compilers and its own cache may save some of the bytes.
"""

from __future__ import annotations

import collections
import contextlib
import importlib.util
import math
import sys
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import mock

import numpy as np

import amiable
from amiable._array import cuda, devices
from amiable._array.blocks import DEVICE_BUDGET
from benchmarks.device import TEMPORARIES
from benchmarks.inputs import cluster_sizes
from benchmarks.measure import Options
from benchmarks.places import TORCH
from benchmarks.report import Report, power, table, without_paths

# operations whose result the host must see, or whose result's shape depends on values; `tolist` is one more
WAITS = ("_local_scalar_dense", "nonzero", "_unique2", "unique_consecutive", "unique_dim")
COMPILED = "AMI, n = 1e4, 10 x 10, n_labels, compiled"
AMI, VARIANCE = amiable.adjusted_mutual_info_score, amiable.mutual_information_moments


def run(options: Options) -> Report:
    """Count what each call launches, once it was called before."""
    heads = ["call", "launches", "waits", "GB moved", "times the inputs", "peak memory", "allowed"]
    try:
        import torch
    except ImportError as error:
        return Report("Traffic", [f"missing: {without_paths(str(error))}"], [])
    rows, lines = [], []
    with mock.patch.object(devices, "_in_host_memory", lambda x: not isinstance(x, torch.Tensor)):
        for name, inputs, call in calls():
            if options.match in name:
                rows.append(counted(name, inputs, call))
                has_kernels = any(word in name for word in ("n_labels", "random tables", "EMI"))
                if has_kernels and importlib.util.find_spec("numba_cuda") is not None:
                    rows.append(counted(f"{name}, kernels", inputs, call, kernels=True))
                for row in rows[len(lines) :]:
                    lines.append(cells(row))
                    print(" | ".join(lines[-1]), file=sys.stderr)
        fused = kernels_of_compiler() if options.match in COMPILED else None
    text = [
        "Counted on CPU tensors that play an accelerator; labels are int32. Peak memory is beside the inputs, and what "
        "is allowed is some thirty temporaries of a block, and the result; it is bold where it is more. Kernels are "
        "numba-cuda's: they are counted where they would be launched, and their arguments as moved once.",
        "",
        *table(heads, lines),
    ]
    if fused is not None:
        rows.append({"case": COMPILED, "launches": fused})
        text.append(f"{COMPILED}: PyTorch's compiler makes {fused} kernels of it, for a CPU.")
    return Report("What calls ask of an accelerator", text, rows, place=TORCH)


def calls() -> Iterator[tuple[str, tuple[Any, ...], Callable[..., Any]]]:
    """List calls and their inputs."""
    for n, k in ((10**8, 10), (10**7, 10), (10**7, 1000), (10**5, 1000)):
        name, pair = f"n = {power(n)}, {k} x {k}", labels_of(2, n, k=k)
        yield f"counting, {name}, n_labels", pair, partial(amiable.contingency_matrix, n_labels=(k, k))
        yield f"counting, {name}", pair, amiable.contingency_matrix
    for n in (10**4, 10**7):
        name, pair = f"AMI, n = {power(n)}, 10 x 10", labels_of(2, n)
        yield f"{name}, n_labels", pair, partial(AMI, n_labels=(10, 10))
        yield name, pair, AMI
    for batch in (1000, 10_000):
        name = f"AMI, {batch:,} labelings of n = 1e3, 10 x 10"
        pair = labels_of(1, 1000) + labels_of(1, batch, 1000)
        if batch == 1000:
            yield f"{name}, n_labels", pair, partial(AMI, n_labels=(10, 10))
        yield name, pair, AMI
    yield "pairwise AMI, 200 labelings of n = 1e4, 10 clusters", labels_of(1, 200, 10**4), amiable.pairwise_scores
    sizes = tuple(map(on_device, cluster_sizes(10**6, 10, 10)))
    yield "1e5 random tables 10 x 10, n = 1e6", sizes, partial(amiable.random_tables, size=10**5, rng=0)
    for k in (10**3, 10**5):
        sizes = tuple(map(on_device, cluster_sizes(10**9, k, k)))
        yield f"EMI, {power(k)} x {power(k)} clusters, n = 1e9", sizes, amiable.expected_mutual_information
    sizes = tuple(map(on_device, cluster_sizes(10**5, 50, 50)))
    yield "variance of MI, 50 x 50, n = 1e5", sizes, VARIANCE


def kernels_of_compiler() -> int:
    """Return how many kernels torch.compile makes of one call of AMI with `n_labels`, without a break."""
    import torch
    from torch._inductor import metrics

    pair = labels_of(2, 10**4)
    metrics.reset()
    found = torch.compile(partial(AMI, n_labels=(10, 10)), fullgraph=True)(*pair)
    if abs(float(found) - float(AMI(*pair))) > 1e-12:
        raise RuntimeError("the compiled score differs")
    return int(metrics.generated_kernel_count)


def labels_of(number: int, *shape: int, k: int = 10) -> tuple[Any, ...]:
    """Draw labelings below k."""
    rng = np.random.default_rng(math.prod(shape))
    return tuple(on_device(rng.integers(0, k, shape, dtype=np.int32)) for _ in range(number))


def on_device(x: np.ndarray) -> Any:
    """Return a tensor."""
    import torch

    return torch.from_numpy(x)


def counted(name: str, inputs: tuple[Any, ...], call: Callable[..., Any], *, kernels: bool = False) -> dict[str, Any]:
    """Call twice, and count what the second call does; with `kernels`, which compute nothing here."""
    first, found = Traffic(), Traffic()
    with first.launching() if kernels else contextlib.nullcontext():
        call(*inputs)
    with found.launching() if kernels else contextlib.nullcontext(), found.watched():
        result = call(*inputs)
    size = getattr(result, "nbytes", 8)
    return {
        "case": name,
        "launches": sum(found.launches.values()),
        "waits": found.waits,
        "bytes": found.moved,
        "inputs": sum(x.nbytes for x in inputs),
        "peak": found.peak,
        "allowed": TEMPORARIES * 8 * DEVICE_BUDGET + size,
        "operations": dict(found.launches.most_common()),
    }


class Traffic:
    """Operations that PyTorch was asked for, the bytes of their arguments and results, and the memory in use."""

    def __init__(self) -> None:
        self.launches: collections.Counter[str] = collections.Counter()
        self.waits = self.moved = self.used = self.peak = 0

    def watched(self) -> contextlib.ExitStack:
        """Return a context in which everything is counted."""
        from torch import Tensor
        from torch.utils._python_dispatch import TorchDispatchMode
        from torch.utils._pytree import tree_leaves

        count, readers = self.count, {"tolist": Tensor.tolist, "cpu": Tensor.cpu}

        def waiting(read: Callable[..., Any]) -> Callable[..., Any]:
            def reads(x: Any) -> Any:
                self.waits += 1
                return read(x)

            return reads

        class Watched(TorchDispatchMode):
            def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                result = operation(*args, **(kwargs or {}))
                given, found = (
                    [x for x in tree_leaves(tree) if isinstance(x, Tensor)] for tree in ((args, kwargs), result)
                )
                count(operation.overloadpacket.__name__, given, found)
                return result

        stack = contextlib.ExitStack()
        for name, read in readers.items():
            stack.enter_context(mock.patch.object(Tensor, name, waiting(read)))
        stack.enter_context(Watched())
        return stack

    def launching(self) -> contextlib.ExitStack:
        """Return a context in which kernels are launched: counted, that is."""
        from torch import Tensor
        from torch.utils._pytree import tree_leaves

        def launch(kernel: Any, *how: Any, **_: Any) -> None:
            self.count(f"{kernel.__name__}_", [x for x in tree_leaves(how[2]) if isinstance(x, Tensor)], [])

        stack = contextlib.ExitStack()
        stack.enter_context(mock.patch.object(cuda, "has_kernels", lambda x: isinstance(x, Tensor)))
        stack.enter_context(mock.patch.object(cuda, "_launch", launch))
        return stack

    def count(self, name: str, given: list[Any], found: list[Any]) -> None:
        """Take note of one operation; views, and memory that nothing is written to yet, launch nothing."""
        self.waits += name in WAITS
        known = {x.untyped_storage()._cdata for x in given}
        fresh = [x for x in found if x.untyped_storage()._cdata not in known]
        if name.endswith("_") or (fresh and not name.startswith("empty")):
            self.launches[name] += 1
            # one number that stands for many lies in memory once
            self.moved += sum(min(x.nbytes, x.untyped_storage().nbytes()) for x in (*given, *fresh))
        for x in fresh:
            memory = x.untyped_storage()
            self.used += memory.nbytes()
            self.peak = max(self.peak, self.used)
            weakref.finalize(memory, self.free, memory.nbytes())

    def free(self, n_bytes: int) -> None:
        """Take note of memory that is given back."""
        self.used -= n_bytes


def cells(row: dict[str, Any]) -> list[str]:
    """Return one row of the table as text."""
    moved = f"{row['bytes'] / 1e9:.3g}"
    times = f"{row['bytes'] / row['inputs']:,.3g}" if row["inputs"] > 10**6 else ""
    peak, allowed = (f"{row[key] / 1e6:,.4g} MB" for key in ("peak", "allowed"))
    peak = f"**{peak}**" if row["peak"] > row["allowed"] else peak
    return [row["case"], f"{row['launches']:,}", str(row["waits"]), moved, times, peak, allowed]
