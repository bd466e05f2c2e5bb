"""
NumPy, PyTorch, JAX: the same call
==================================

Scores take arrays of any library of the array API standard, and answer in kind: the same library, the same device.

Needs the extras ``viz`` and ``torch`` and ``jax``.
"""

import jax
import jax.numpy as jnp
import numpy as np
import torch

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = rng.integers(0, 5, 2000)
fractions = np.linspace(0, 1, 21)
noisy = np.where(
    rng.random((21, 20, 2000)) < fractions[:, None, None],
    rng.integers(0, 5, (21, 20, 2000)),
    truth,
)

# %%
# One pair of labelings: a Python float for NumPy, a tensor for PyTorch, an array for JAX. No option says which.

found = noisy[5, 0]
print(repr(amiable.adjusted_mutual_info_score(truth, found)))
print(repr(amiable.adjusted_mutual_info_score(torch.asarray(truth), torch.asarray(found))))
print(repr(amiable.adjusted_mutual_info_score(jnp.asarray(truth), jnp.asarray(found))))

# %%
# A batch of 21 x 20 labelings, at 21 levels of noise:

by_library = {
    "NumPy": amiable.adjusted_mutual_info_score(truth, noisy),
    "PyTorch": amiable.adjusted_mutual_info_score(torch.asarray(truth), torch.asarray(noisy)),
    "JAX": amiable.adjusted_mutual_info_score(jnp.asarray(truth), jnp.asarray(noisy)),
}
for name, scores in by_library.items():
    print(f"{name:8} {scores.dtype} {tuple(scores.shape)}")

plot.score_curves(
    fractions,
    by_library,
    xlabel="fraction of labels that are random",
    ylabel="AMI (no unit)",
).show()

# %%
# The three curves are one. (Figures take arrays of any library too.) JAX computes in float32 unless told otherwise; its
# scores differ from the others by about as much as float32 can tell apart.

numpy_scores = by_library["NumPy"]
differences = {
    name: (np.asarray(by_library[name], dtype=np.float64) - numpy_scores) * 1e6 for name in ("PyTorch", "JAX")
}

plot.score_curves(
    fractions,
    differences,
    xlabel="fraction of labels that are random",
    ylabel="AMI less that of NumPy (millionths)",
).show()

# %%
# With ``n_labels`` the labels are codes below five, and no value is looked at to find out. So the call can be compiled,
# mapped over a batch, and never makes an accelerator wait.


@jax.jit
def score(truth, labels):
    """Return AMI of labels 0 to 4."""
    return amiable.adjusted_mutual_info_score(truth, labels, n_labels=(5, 5))


print(score(jnp.asarray(truth), jnp.asarray(found)))
