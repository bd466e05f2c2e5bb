"""Gradients of information of soft assignments: finite differences, empty cells, hard assignments, tracing."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable

METHODS = ("arithmetic", "geometric", "min", "max")
SCORES = {
    "mi": amiable.mutual_info_score,
    **{f"nmi-{m}": partial(amiable.normalized_mutual_info_score, average_method=m) for m in METHODS},
    "v": amiable.v_measure_score,
    "homogeneity": amiable.homogeneity_score,
    "vi": amiable.variation_of_information,
    "nvi": partial(amiable.variation_of_information, normalized=True),
    "vi_split": amiable.variation_of_information_split,
    "nid": amiable.normalized_information_distance,
}
differentiable = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
HARD = {"classes": [0, 1, 2, 0, 1, 2, 0], "one": [1] * 7, "two": [0, 0, 0, 1, 1, 1, 1]}


def of_probabilities(score, p, q):
    return score(contingency=ContingencyTable.from_probabilities(p, q))


@differentiable
def test_finite_differences_in_torch(score, rng):
    torch = pytest.importorskip("torch")
    logits = [torch.tensor(rng.normal(size=(7, k)), requires_grad=True) for k in (3, 4)]
    assert torch.autograd.gradcheck(lambda x, y: of_probabilities(score, x.softmax(-1), y.softmax(-1)), logits)


@pytest.mark.slow_but_for("mi", "vi")
@differentiable
def test_finite_differences_in_jax(score, rng):
    jax = pytest.importorskip("jax")
    from jax.test_util import check_grads

    with jax.enable_x64(True):
        logits = [jax.numpy.asarray(rng.normal(size=(7, k))) for k in (3, 4)]

        def loss(x, y):
            return of_probabilities(score, jax.nn.softmax(x), jax.nn.softmax(y))

        check_grads(loss, logits, order=1, modes=["rev"])
        grad = jax.grad(loss)(*logits)
        np.testing.assert_allclose(jax.jit(jax.grad(loss))(*logits), grad, rtol=1e-12, atol=1e-14)
        batch = [jax.numpy.stack([x, 2 * x]) for x in logits]
        np.testing.assert_allclose(jax.vmap(jax.grad(loss))(*batch)[0], grad, rtol=1e-12, atol=1e-14)


@pytest.mark.slow_but_for("mi", "nmi", "v")
@differentiable
@pytest.mark.parametrize("p", HARD.values(), ids=HARD)
@pytest.mark.parametrize("q", HARD.values(), ids=HARD)
def test_gradients_are_finite_at_hard_assignments(score, p, q):
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    soft = np.eye(3)[p], np.eye(3)[q]
    tensors = [torch.tensor(x, requires_grad=True) for x in soft]
    value = of_probabilities(score, *tensors)
    value.backward()
    assert all(bool(x.grad.isfinite().all()) for x in tensors)
    with jax.enable_x64(True):
        found, gradients = jax.value_and_grad(partial(of_probabilities, score), argnums=(0, 1))(*soft)
    assert float(found) == pytest.approx(float(value.detach()), abs=1e-14)
    assert all(np.isfinite(x).all() for x in gradients)


def test_gradient_of_weights(rng):
    """Of MI with respect to a joint distribution: log(n x / (a b)) - MI, divided by n."""
    torch = pytest.importorskip("torch")
    x = rng.exponential(size=(3, 4))
    weights = torch.tensor(x, requires_grad=True)
    mutual = amiable.mutual_info_score(contingency=ContingencyTable.from_weights(weights))
    mutual.backward()
    n, a, b = x.sum(), x.sum(1, keepdims=True), x.sum(0)
    expected = (np.log(x * n / (a * b)) - float(mutual.detach())) / n
    np.testing.assert_allclose(weights.grad, expected, rtol=1e-12, atol=1e-15)


def test_gradient_of_sample_weights(rng):
    torch = pytest.importorskip("torch")
    true, pred = (torch.tensor(rng.integers(0, k, 20)) for k in (3, 4))
    weights = torch.tensor(rng.exponential(size=20), requires_grad=True)

    def loss(w):
        return amiable.v_measure_score(contingency=ContingencyTable.from_labels(true, pred, sample_weight=w))

    assert torch.autograd.gradcheck(loss, weights)


def test_training_raises_mutual_information():
    """A few steps of gradient descent on logits that start near uniform."""
    torch = pytest.importorskip("torch")
    generator = torch.Generator().manual_seed(0)
    target = torch.eye(3)[torch.arange(60) % 3]
    logits = (0.01 * torch.randn(60, 3, generator=generator)).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)
    values = []
    for _ in range(60):
        loss = -of_probabilities(amiable.normalized_mutual_info_score, logits.softmax(-1), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(-float(loss.detach()))
    assert values[0] < 0.01
    assert values[-1] > 0.95
