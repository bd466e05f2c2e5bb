"""Print what calls of AMI ask of a device, once they were made before: launches, copies, waits."""

from __future__ import annotations

import numpy as np

from tests.cupy_without_gpu import stand_in

import amiable  # isort: skip (after CuPy)

N_SAMPLES, N_CLUSTERS = 10_000, 10


def main() -> None:
    """Count a call that looks at the labels, and one that is promised their codes and must not wait."""
    rng = np.random.default_rng(0)
    labels = [stand_in.cupy.asarray(rng.integers(0, N_CLUSTERS, N_SAMPLES, dtype=np.int32)) for _ in range(2)]
    for name, options in (("", {}), (", n_labels", {"n_labels": (N_CLUSTERS, N_CLUSTERS)})):
        amiable.adjusted_mutual_info_score(*labels, **options)
        before = stand_in.counted()
        amiable.adjusted_mutual_info_score(*labels, **options)
        did = {k: n - before[k] for k, n in stand_in.counted().items() if n != before[k]}
        print(f"AMI, n = 1e4, 10 x 10{name}:", ", ".join(f"{k} {n}" for k, n in did.items()))
        if options and any(k.startswith(("h2d", "d2h")) or k.endswith("_syncs") for k in did):
            raise SystemExit("the call with n_labels waits for the device")


if __name__ == "__main__":
    main()
