"""A pytest plugin that runs scikit-learn's own tests of these functions against amiable.

It replaces the functions on `sklearn.metrics.cluster` before the tests are collected::

    pytest -p tests.peer_plugin --pyargs sklearn.metrics.cluster.tests.test_supervised \
        sklearn.metrics.cluster.tests.test_common
"""

from __future__ import annotations

import pytest
import sklearn.metrics.cluster as peer
import sklearn.metrics.cluster._supervised as peer_module

import amiable

# What amiable does not offer, by the name of the test or of its parameter, and why.
NOT_OFFERED = {
    "test_generalized_average": "tests a private function of scikit-learn",
    "test_check_clustering_error": "tests a private function of scikit-learn",
    "test_public_entropy_deprecation": "tests a deprecation of scikit-learn",
    "test_entropy_array_api[array_api_strict": "wants a float for an array: amiable's answer stays in its library",
    "test_array_api_compliance": "unsupervised: its metrics score features, not labelings",
    "silhouette_score": "unsupervised: scores features, not labelings",
    "silhouette_manhattan": "unsupervised: scores features, not labelings",
    "calinski_harabasz_score": "unsupervised: scores features, not labelings",
    "davies_bouldin_score": "unsupervised: scores features, not labelings",
}


def _replacements() -> dict:
    offered = {name: getattr(amiable, name) for name in amiable.__all__ if hasattr(peer, name)}
    return {**offered, "_entropy": amiable.entropy}


def pytest_configure(config: pytest.Config) -> None:
    """Replace the functions; the tests, imported later, take them from there."""
    for name, function in _replacements().items():
        for module in (peer, peer_module):
            if hasattr(module, name):
                setattr(module, name, function)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what amiable does not offer, and say so."""
    left_out = [item for item in items if any(name in item.nodeid for name in NOT_OFFERED)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Show which functions are amiable's and which tests are left out."""
    replaced = [
        name for name, f in _replacements().items() if getattr(peer, name, getattr(peer_module, name, None)) is f
    ]
    return [f"amiable in place of: {', '.join(sorted(replaced))}"] + [
        f"left out: {k} ({v})" for k, v in NOT_OFFERED.items()
    ]
