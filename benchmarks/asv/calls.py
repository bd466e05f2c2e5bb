"""Calls of a few milliseconds to a fifth of a second, timed by asv in two git revisions: `nox -s revisions`."""

import operator
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.inputs import cluster_sizes, labelings  # noqa: E402

CASES = {
    "AMI, n = 1e2, 10 x 10": ("adjusted_mutual_info_score", lambda: labelings(10**2, 10, 10)),
    "AMI, n = 1e4, 10 x 10": ("adjusted_mutual_info_score", lambda: labelings(10**4, 10, 10)),
    "AMI, n = 1e6, 10 x 10": ("adjusted_mutual_info_score", lambda: labelings(10**6, 10, 10)),
    "AMI, n = 1e5, 100 x 100": ("adjusted_mutual_info_score", lambda: labelings(10**5, 100, 100)),
    "ARI, n = 1e4, 10 x 10": ("adjusted_rand_score", lambda: labelings(10**4, 10, 10)),
    "NMI, n = 1e6, 100 x 100": ("normalized_mutual_info_score", lambda: labelings(10**6, 100, 100)),
    "EMI, n = 1e6, 10 x 10": ("expected_mutual_information", lambda: cluster_sizes(10**6, 10, 10)),
    "EMI, n = 1e9, 1000 x 1000": ("expected_mutual_information", lambda: cluster_sizes(10**9, 1000, 1000)),
    "counting, n = 1e6, 10 x 10, int8": (
        "ContingencyTable.from_labels",
        lambda: [x.astype(np.int8) for x in labelings(10**6, 10, 10)],
    ),
    "counting, n = 1e6, 1000 x 1000": ("ContingencyTable.from_labels", lambda: labelings(10**6, 1000, 1000)),
    "AMI, 100 labelings of n = 1e3": ("adjusted_mutual_info_score", lambda: labelings(10**3, 10, 10, batch=(100,))),
    "AMI, all pairs of 20 labelings of n = 1e3": ("pairwise_scores", lambda: labelings(10**3, 10, 10, batch=(20,))[1:]),
}


class Calls:
    """Every case on NumPy and on PyTorch; asv runs the revisions in turn and compares medians over fresh processes."""

    params = (list(CASES), ["numpy", "torch"])
    param_names = ("case", "library")
    rounds, repeat, sample_time, warmup_time = 4, (5, 20, 2.0), 0.02, 0.1

    def setup(self, case, library):
        """Draw the inputs."""
        import amiable

        name, draw = CASES[case]
        self.function, inputs = operator.attrgetter(name)(amiable), draw()
        if library == "torch":
            import torch

            inputs = [torch.from_numpy(np.ascontiguousarray(x)) for x in inputs]
        self.inputs = inputs

    def time_call(self, case, library):
        """Time one call."""
        self.function(*self.inputs)
