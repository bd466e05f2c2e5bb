"""Make CuPy run without a GPU: import this before cupy. `counted` tells what the stand-in was asked for.

`build` has filled the folder $CUPY_WITHOUT_GPU, which keeps kernels. One that is not there yet is compiled twice: by
NVRTC for sm_90 with the options of CuPy, to see that it can be, and by g++, to run it.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ["CUPY_WITHOUT_GPU"]).resolve()
os.environ["CUPY_ACCELERATORS"] = ""  # no CUB
os.environ["CUPY_CACHE_IN_MEMORY"] = "1"
os.environ["CUPY_NVRTC_USE_PCH"] = "1"  # half the time of NVRTC
sys.path.insert(0, str(TARGET / "site"))

# by these names CuPy's wrappers find them again
LIBRARY = ctypes.CDLL(str(TARGET / "lib/libcuda.so.1"), mode=ctypes.RTLD_GLOBAL)
ctypes.CDLL(str(TARGET / "lib/libcublas.so.13"), mode=ctypes.RTLD_GLOBAL)

from cuda import pathfinder  # noqa: E402


class _Loaded:
    """What pathfinder tells of a library: here the stand-in."""

    _handle_uint = LIBRARY._handle
    abs_path = LIBRARY._name


_load = pathfinder.load_nvidia_dynamic_lib
# NVRTC alone is NVIDIA's: it needs neither a device nor a driver
pathfinder.load_nvidia_dynamic_lib = lambda name: _load(name) if name == "nvrtc" else _Loaded

import cupy  # noqa: E402
from cupy.cuda import compiler  # noqa: E402

HEADER = HERE / "include/cuda_on_cpu.h"
PRECOMPILED = TARGET / f"include/{HEADER.name}.gch"  # half the time of g++
FOLDERS = [PRECOMPILED.parent, HEADER.parent, Path(cupy.__file__).parent / "_core/include"]
FLAGS = ["-std=c++17", "-O1", "-w", "-fpermissive", "-fwrapv", "-fno-strict-aliasing", "-ffp-contract=off", "-fPIC"]
FLAGS += [f"-I{folder}" for folder in FOLDERS]
KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\s*\(')
DYNAMIC_SHARED = re.compile(r"extern\s+__shared__\s+(?:__align__\(\d+\)\s*)?([\w ]+?)\s+(\w+)\[\];")
WAITS = re.compile(r"__sync|__shfl|__ballot")

_compile_with_nvrtc = compiler._compile_using_nvrtc_no_warning


def _compile(
    source: str,
    options: Sequence[str] = (),
    arch: str | None = None,
    filename: str = "",
    name_expressions: Sequence[str] | None = None,
    *args: Any,
    **kwargs: Any,
) -> tuple[bytes, dict[str, str]]:
    """Compile as CuPy does, then for the host; return what the stand-in loads, and the exported names of templates."""
    mapping = {name: f"template{i}" for i, name in enumerate(name_expressions or ())}
    text = _as_host_code(source, mapping)
    defines = [option for option in options if option.startswith("-D")]
    key = hashlib.sha256("\0".join([text, HEADER.read_text(), *FLAGS, *options]).encode()).hexdigest()[:24]
    built = TARGET / "kernels" / f"{key}.so"
    if not built.exists():
        _compile_with_nvrtc(source, options, arch, filename, name_expressions, *args, **kwargs)
        _compile_for_host(text, defines, built)
    return f"EMU:{built}\0".encode(), mapping


def _as_host_code(source: str, mapping: dict[str, str]) -> str:
    """Return CUDA C as C++ of the host, with a function for each kernel that runs all its threads."""
    fibers = "true" if WAITS.search(source) else "false"
    text = f'#include "{HEADER.name}"\n'
    shared = DYNAMIC_SHARED.search(source)
    if shared:
        text += f"alignas(16) {shared[1]} {shared[2]}[58368];\n"
        source = source.replace(shared[0], "")
    exports = {exported: f"({name})" for name, exported in mapping.items()} or {k: k for k in KERNEL.findall(source)}
    lines = [f"EMU_EXPORT({exported}, {kernel}, {fibers})\n" for exported, kernel in exports.items()]
    return "".join([text, source, "\n", *lines])


def _compile_for_host(text: str, defines: list[str], built: Path) -> None:
    """Write a shared object."""
    if not PRECOMPILED.exists():
        _run_compiler("-x", "c++-header", str(HEADER), out=PRECOMPILED)
    code = built.with_suffix(f".{os.getpid()}.cpp")
    code.write_text(text)
    _run_compiler(*defines, "-shared", str(code), out=built)
    code.unlink()


def _run_compiler(*arguments: str, out: Path) -> None:
    """Run g++; processes that compile the same at once replace each other's."""
    out.parent.mkdir(exist_ok=True)
    new = out.with_suffix(f".{os.getpid()}")
    done = subprocess.run(["g++", *FLAGS, *arguments, "-o", str(new)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"g++ {' '.join(arguments)} failed:\n{done.stderr[:3000]}")
    new.rename(out)


compiler._compile_using_nvrtc_no_warning = _compile
compiler._preprocess = lambda *args, **kwargs: ""  # NVRTC's version, for keys of a cache on disk


NAMES = (
    *("launches", "mallocs", "h2d", "d2h", "d2d", "memsets"),
    *("stream_syncs", "device_syncs", "event_syncs", "event_records", "event_queries", "bytes_h2d", "bytes_d2h"),
)


class Counters(ctypes.Structure):
    """What fakecuda.c counts, in its order."""

    _fields_ = tuple((name, ctypes.c_long) for name in NAMES)


_counters = Counters.in_dll(LIBRARY, "emu")
trace = ctypes.c_int.in_dll(LIBRARY, "emu_trace")  # trace.value = 1 prints every launch and copy to stderr


def counted() -> dict[str, int]:
    """Return everything counted so far, by name; what a call did is the difference of two."""
    return {name: getattr(_counters, name) for name in NAMES}
