"""
AMI as a black-box objective
============================

Adjusted mutual information (AMI) has no useful gradient, since labels are discrete. But many labelings are scored at
once, so it can be maximised by trying all settings of a model. Here they are the threshold and the penalty of a
logistic regression.

Needs the extra ``viz``, and scikit-learn.
"""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import amiable
from amiable import plot

X, y = make_classification(
    800,
    n_features=2,
    n_redundant=0,
    n_informative=2,
    n_clusters_per_class=1,
    class_sep=1.6,
    random_state=0,
)
X_train, X_held, y_train, y_held = train_test_split(
    X,
    y,
    train_size=0.65,
    stratify=y,
    random_state=0,
)
scaler = StandardScaler().fit(X_train)
X_train, X_held = scaler.transform(X_train), scaler.transform(X_held)
print(f"{y_train.size} samples to fit, {y_held.size} held out to choose the settings")

# %%
# Six models
# ----------
#
# One for each penalty λ, all fitted together by gradient descent: 2,500 steps of 0.25, from zeros. The loss is the mean
# log loss plus λ/2 times the squared weights; the bias has no penalty.

penalties = np.array([0, 1e-4, 1e-3, 1e-2, 1e-1, 1])
weights, bias = np.zeros((6, 2)), np.zeros(6)


def probabilities(X):
    """Return the probability of class 1 by all six models, (6, n)."""
    return 1 / (1 + np.exp(-(weights @ X.T + bias[:, None])))


for _ in range(2500):
    residuals = probabilities(X_train) - y_train
    weights -= 0.25 * (residuals @ X_train / y_train.size + penalties[:, None] * weights)
    bias -= 0.25 * residuals.mean(axis=1)

# %%
# All 222 labelings in one call
# -----------------------------
#
# Six models with 37 thresholds each label the held-out samples in 222 ways, an array of shape (6, 37, 280). The star is
# the best setting; the first one, where several are as good.

thresholds = np.linspace(0.05, 0.95, 37).round(3)
labels = (probabilities(X_held)[:, None, :] >= thresholds[:, None]).astype(int)
ami = amiable.adjusted_mutual_info_score(y_held, labels)
print(labels.shape, "->", ami.shape)

plot.score_heatmap(
    ami,
    x=thresholds,
    y=[f"{penalty:g}" for penalty in penalties],
    xlabel="threshold",
    ylabel="penalty λ",
).show()

# %%
# The larger the penalty, the smaller the weights, and the closer all probabilities to a half: the strip of good
# thresholds narrows.
#
# AMI or accuracy?
# ----------------
#
# Both scores of the model without penalty, against the threshold. Random labels have AMI 0 and accuracy 0.5:

accuracy = (labels == y_held).mean(axis=-1)

plot.score_curves(
    thresholds,
    {"AMI": ami[0], "accuracy": accuracy[0]},
    xlabel="threshold",
    ylabel="score (no unit)",
).show()

# %%
# The best threshold by either score; the first one, where several are as good:

by_ami, by_accuracy = ami[0].argmax(), accuracy[0].argmax()
for name, at in {"AMI": by_ami, "accuracy": by_accuracy}.items():
    wrong = (labels[0, at] != y_held).sum()
    print(f"best by {name:8}: threshold {thresholds[at]:.3f}, {wrong} wrong", end=", ")
    print(f"AMI {ami[0, at]:.4f}, accuracy {accuracy[0, at]:.4f}")

# %%
# Three samples are wrong at both thresholds, so accuracy cannot tell them apart. Here is the table at the one that is
# best by accuracy:

plot.contingency_heatmap(y_held, labels[0, by_accuracy], match=False).show()

# %%
# One sample of class 0 and two of class 1 are on the wrong side. By AMI, below, all three are of class 1. Then cluster
# 1 is pure, and whoever is in it is of class 1 for certain: the labels tell more of the classes.
#
# (The held-out samples have chosen the setting, so their AMI flatters it. An honest score takes samples that had no
# part in the choice.)

plot.contingency_heatmap(y_held, labels[0, by_ami], match=False).show()
