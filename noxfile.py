"""Every check of the project, each in an environment of its own: `nox` runs the default ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2026.10.20"
# the longest first: two at a time take turns on the cores, one while the other installs or waits
nox.options.sessions = ["tests", "docs", "engines", "types", "peer_suite", "floors", "lint"]
nox.options.parallel = 2
nox.options.allow_parallel = True
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True

PROJECT = nox.project.load_toml("pyproject.toml")
# a range, or no pin at all, may bring the CUDA build with gigabytes of libraries
TORCH = "torch==2.13.0"
# the session docs needs one of them
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# of CuPy, what takes a processor long without a device
CUPY_LONG = ("float32", "kernels", "million", "scores_are_the_same", "many_cells", "smi", "pvalue", "shuffles")
# what CuPy may do otherwise than other libraries: some minutes, and compiling kernels takes most of them
CUPY_TESTS = [
    *("-k", " and not ".join(["cupy", *CUPY_LONG])),
    "tests/test_device.py",
    "tests/test_pairwise.py",
    "tests/contingency/test_table.py",
    "tests/_array/test_bins.py",
    "tests/_array/test_devices.py",
]
# the version whose own tests judge this project
PEER = "scikit-learn==1.9.1"


def group(name: str) -> list[str]:
    """Return a dependency group of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, name)


def cuda_compiler() -> list[str]:
    """Return what the extra cuda12 asks for beside CuPy: numba-cuda and its toolkit."""
    return [x for x in PROJECT["project"]["optional-dependencies"]["cuda12"] if x.startswith("numba-cuda")]


def minimum_versions() -> list[str]:
    """Return every run-time requirement, and those of extras that are no array library, at its lowest version."""
    project = PROJECT["project"]
    extras = (
        requirement
        for name in ("cli", "dask", "files", "frames", "viz")
        for requirement in project["optional-dependencies"][name]
    )
    return [requirement.replace(">=", "==") for requirement in (*project["dependencies"], *extras)]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, docstrings, formatting."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types."""
    session.install(".[cli,files,frames,dask,viz]", *group("types"))
    session.run("mypy")


@nox.session
def floors(session: nox.Session) -> None:
    """A module imports only from floors below it."""
    session.install(*group("lint"))
    session.run("lint-imports", env={"PYTHONPATH": "src"})


def run_tests(session: nox.Session, *options: str) -> None:
    """Run the tests on every array library."""
    session.install(TORCH)
    session.install(".[cli,compiled,files,jax,torch,frames,dask,viz]", *group("test"), *group("lightning"))
    env = {**compilation_cache(session), "COVERAGE_FILE": str(covered_by(session.name))}
    session.run("python", "-m", "pytest", *options, env=env)


def compilation_cache(session: nox.Session) -> dict[str, str]:
    """Return the settings by which what one worker has compiled with JAX, the others need not."""
    return {"JAX_COMPILATION_CACHE_DIR": session.create_tmp(), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}


def covered_by(name: str) -> Path:
    """Return where a session keeps what it has covered."""
    return Path(__file__).with_name(f".coverage.of_{name}")


@nox.session
def tests(session: nox.Session) -> None:
    """Every test, on every array library; those marked gpu skip where there is no CUDA device."""
    covers = ("--cov", "--cov-report=", "--cov-fail-under=0") if "AMIABLE_KEEP_COVERAGE" in os.environ else ()
    run_tests(session, *(session.posargs or ["-n", "auto"]), *covers)


@nox.session
def engines(session: nox.Session) -> None:
    """Tables from Spark, DuckDB, Arrow and Dask, the last on a cluster of processes; Spark needs Java 17 or later."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        session.error("Spark needs Java 17 or later, on the PATH or at JAVA_HOME")
    session.install(".[cli,frames,dask]", *group("test"), *group("engines"))
    # Spark leaves sockets to the garbage collector
    warnings = ["-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
    session.run(
        "python",
        "-m",
        "pytest",
        *warnings,
        "tests/inputs/test_frames.py",
        "tests/inputs/test_categories.py",
        "tests/contingency/test_dask.py",
        "tests/resampling/test_client.py",
        "tests/test_pairwise_dask.py",
        *session.posargs,
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Run every example, build the site with its gallery in docs/_build/html, try it and a report in a browser."""
    if not any(map(shutil.which, BROWSERS)) and "BROWSER_PATH" not in os.environ:
        session.error("figures are drawn and pages tried by Chromium or Chrome, on the PATH or at BROWSER_PATH")
    session.install(TORCH)
    session.install("-e", ".[cli,compiled,files,jax,torch,frames,dask,viz]", *group("docs"))
    pages = ["README.md", *map(str, sorted(Path("docs").glob("*.md")))]
    session.run("python", "-m", "pytest", "--doctest-modules", "--doctest-glob=*.md", "src", *pages)
    env = {"OMP_NUM_THREADS": "1"}  # k-means of a few samples, on cores that are shared
    session.run("sphinx-build", "-W", "--keep-going", "-q", "docs", "docs/_build/html", env=env)
    session.run("python", "-m", "pytest", "-n", "auto", "tests/browser")


@nox.session
def peer_suite(session: nox.Session) -> None:
    """Run scikit-learn's own tests of these functions against amiable."""
    session.install(".", PEER, "pytest>=8.3")
    modules = [f"sklearn.metrics.cluster.tests.{name}" for name in ("test_supervised", "test_common")]
    options = ["-p", "tests.peer_plugin", "-p", "no:cacheprovider", "-o", "filterwarnings=default", "-ra"]
    env = {"SCIPY_ARRAY_API": "1", "PYTHONPATH": str(Path(__file__).parent)}
    with session.chdir(session.create_tmp()):  # away from the conftest of this project's own tests
        session.run("python", "-m", "pytest", *options, "--pyargs", *modules, env=env)


@nox.session
def peers(session: nox.Session) -> None:
    """Scores against the packages of the fields that use them."""
    session.install(".", *group("test"), *group("peers"))
    session.run("python", "-m", "pytest", "tests/peers", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """The tests with all slow cases, and how much of the package they run; a floor is in pyproject.toml.

    Where the session `tests` has kept what it covers, as it does in CI, its cases are not run again.
    """
    session.install(*cuda_compiler())  # kernels are covered in its simulator
    before = covered_by("tests")
    slow = "--only-slow" if before.exists() else "--slow"
    run_tests(session, "-n", "auto", slow, "--cov", "--cov-report=", "--cov-fail-under=0", *session.posargs)
    kept = [str(path) for path in (before, covered_by("coverage")) if path.exists()]
    session.run("coverage", "combine", *kept)
    session.run("coverage", "report")


@nox.session
def build(session: nox.Session) -> None:
    """Make the source distribution and the wheel, check both, and import the wheel where nothing else is."""
    session.install("build>=1.2", "twine>=6.0")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist", ".")
    made = sorted(map(str, Path("dist").iterdir()))
    session.run("python", "-m", "twine", "check", "--strict", *made)
    session.install("--force-reinstall", *[name for name in made if name.endswith(".whl")])
    with session.chdir(session.create_tmp()):
        session.run("python", "-c", "import amiable; print(amiable.__version__)")


@nox.session
def minimums(session: nox.Session) -> None:
    """The tests at the lowest supported versions of what the project needs at run time."""
    session.install(".[cli,dask,files,frames,viz]", *minimum_versions(), *group("test"))
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def kernels(session: nox.Session) -> None:
    """Kernels of CUDA devices without one: in numba-cuda's simulator, and compiled for sm_90."""
    session.install(TORCH)
    session.install(".[compiled]", *cuda_compiler(), *group("test"))
    session.run("python", "-m", "pytest", "tests/_array/test_cuda_kernels.py", *session.posargs)


@nox.session
def cupy(session: nox.Session) -> None:
    """CuPy's tests without a GPU, on a stand-in for CUDA; NVRTC compiles each of its kernels for sm_90."""
    if not all(map(shutil.which, ("gcc", "g++", "nm"))):
        session.error("the stand-in for CUDA is compiled by gcc and g++")
    session.install(".", *group("test"), *group("cupy"))
    folder = session.create_tmp()
    session.run("bash", "tests/cupy_without_gpu/build", folder, external=True)
    env = {"CUPY_WITHOUT_GPU": folder}
    session.run("python", "-m", "tests.cupy_without_gpu.check", env=env)
    options = ["-p", "tests.cupy_without_gpu.plugin", "-m", "gpu", "-n", "2"]
    session.run("python", "-m", "pytest", *options, *(session.posargs or CUPY_TESTS), env=env)
    session.run("python", "-m", "tests.cupy_without_gpu.counts", env=env)


@nox.session
def gpu(session: nox.Session) -> None:
    """The tests of CUDA devices, on PyTorch, CuPy and JAX; it needs one, and gigabytes of libraries.

    Versions of libraries that were not tried yet may warn of what is to come.
    """
    session.install(TORCH)
    session.install(".[cli,files,jax,torch,cuda12,frames,dask,viz]", "jax[cuda12]", *group("test"), *group("lightning"))
    future = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
    warnings = [option for kind in future for option in ("-W", f"default::{kind}")]
    options = session.posargs or ["-n", "4"]  # of one device, each worker with memory of its own
    session.run("python", "-m", "pytest", "-m", "gpu", *warnings, *options, env=compilation_cache(session))


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure against the peers, write benchmarks/results/; `-- --revision A [B]` compares two git revisions."""
    session.install(TORCH)
    session.install(".[cli,compiled,torch,dask]", PEER, "matplotlib>=3.9", "pyarrow>=17", "distributed>=2024.8")
    # one that does not install is named in the tables
    for peer in ("torchmetrics", "fastami", "clustering-mi", "clusim", "genieclust", "scikit-image"):
        session.run("python", "-m", "pip", "install", peer, success_codes=[0, 1], silent=True)
    session.run("python", "-m", "benchmarks", *session.posargs)
