"""What `import amiable` brings along."""

from __future__ import annotations

import subprocess
import sys


def test_import_is_light():
    heavy = ["torch", "torchmetrics", "jax", "cupy", "dask", "plotly", "pandas", "polars", "narwhals", "typer"]
    code = f"import sys, amiable; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_scoring_numpy_stays_light():
    code = (
        "import sys, amiable; amiable.adjusted_mutual_info_score([0, 1, 1], [0, 0, 1]);"
        "print([name for name in ('torch', 'jax', 'cupy', 'dask', 'pandas') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_all_is_what_is_there():
    import amiable

    assert len(set(amiable.__all__)) == len(amiable.__all__)
    assert all(hasattr(amiable, name) for name in amiable.__all__)
    assert amiable.__version__.count(".") == 2
