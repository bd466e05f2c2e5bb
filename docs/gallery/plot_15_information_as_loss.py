"""
Mutual information as a loss
============================

Scores count labels, and counts have no slope. But a network that clusters gives probabilities, and two soft assignments
have an expected contingency table. Its mutual information has gradients, so that a network can learn to raise it:
invariant information clustering (Ji, Henriques and Vedaldi 2019).

Needs the extras ``viz`` and ``torch``, and scikit-learn.
"""

import torch
from sklearn.datasets import load_digits

import amiable
from amiable import ContingencyTable, plot

pixels, digit = load_digits(return_X_y=True)
images = torch.from_numpy(pixels).float().reshape(-1, 1, 8, 8) / 16
digit = torch.from_numpy(digit)
_ = torch.manual_seed(0)

# %%
# Two views of an image
# ---------------------
#
# A view is the image turned, scaled and moved a little, with some noise. It shows the same digit, whichever that is.


def view(images):
    """Return other views of images (N, 1, 8, 8)."""
    n = len(images)
    turn = 0.35 * (2 * torch.rand(n) - 1)  # radians
    scale = 1 + 0.15 * (2 * torch.rand(n, 2) - 1)
    move = 0.2 * (2 * torch.rand(n, 2) - 1)
    first = torch.stack([turn.cos() * scale[:, 0], -turn.sin(), move[:, 0]], dim=1)
    second = torch.stack([turn.sin(), turn.cos() * scale[:, 1], move[:, 1]], dim=1)
    grid = torch.nn.functional.affine_grid(torch.stack([first, second], dim=1), images.shape, align_corners=False)
    seen = torch.nn.functional.grid_sample(images, grid, align_corners=False)
    return seen + 0.05 * torch.randn(images.shape)


# %%
# The loss
# --------
#
# ``ContingencyTable.from_probabilities`` makes the expected table of the clusters of one view and those of the other.
# Mutual information is large where both views fall into one cluster, and where clusters are of like sizes. A network
# that puts all images into one gains nothing.

network = torch.nn.Sequential(
    torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(),
    torch.nn.Conv2d(16, 32, 3, padding=1, stride=2), torch.nn.BatchNorm2d(32), torch.nn.ReLU(),
    torch.nn.Flatten(), torch.nn.Linear(32 * 16, 10), torch.nn.Softmax(dim=1),
)  # fmt: skip
optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
history = {"MI of two views (share of log 10)": [], "AMI with the digits": []}
for _ in range(30):
    for batch in torch.randperm(len(images)).split(450):
        table = ContingencyTable.from_probabilities(network(view(images[batch])), network(view(images[batch])))
        loss = -amiable.mutual_info_score(contingency=table)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        found = network(images).argmax(dim=1)
    history["MI of two views (share of log 10)"].append(-float(loss.detach()) / 2.302585)
    history["AMI with the digits"].append(float(amiable.adjusted_mutual_info_score(digit, found)))

plot.score_curves(range(1, 31), history, xlabel="epoch").show()

# %%
# What it found
# -------------
#
# The digits were used to score, never to train. The cluster of the largest probability is the label of an image. Some
# clusters hold two digits that look alike, others split one by how it is written.

print(f"AMI      {history['AMI with the digits'][-1]:.3f}")
print(f"accuracy {float(amiable.matching_accuracy_score(digit, found)):.3f}")

plot.contingency_heatmap(digit.numpy(), found.numpy()).show()
