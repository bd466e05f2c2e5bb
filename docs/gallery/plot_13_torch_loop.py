"""
A metric in a training loop
===========================

``amiable.torch`` has the scores as torchmetrics metrics. A metric adds each batch to a contingency table and forgets
the labels; ``compute`` scores the table. So the result is that of all batches together, exactly.

Needs the extras ``viz`` and ``torch``, and scikit-learn.
"""

import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MetricCollection

from amiable import plot
from amiable.torch import AdjustedMutualInfoScore, AdjustedRandScore

images, digit = load_digits(return_X_y=True)
data = TensorDataset(torch.from_numpy(images).float() / 16, torch.from_numpy(digit))
batches = DataLoader(
    data,
    batch_size=256,
    shuffle=True,
    generator=torch.Generator().manual_seed(0),
)

# %%
# The model
# ---------
#
# k-means by gradient descent: ten centres, which start as ten of the images. The loss is the mean squared distance of
# an image to the nearest centre. The digits are not used to train, only to score.

start = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))[:10]
centres = torch.nn.Parameter(data.tensors[0][start].clone())
optimizer = torch.optim.Adam([centres], lr=0.02)

# %%
# The loop
# --------
#
# ``argmax=True`` takes logits or, as here, minus the distances: the label is the index of the largest. Both metrics of
# the collection share one 10 x 10 table, which is counted once.

options = {"num_classes": 10, "num_clusters": 10, "argmax": True}
metrics = MetricCollection(
    {
        "AMI": AdjustedMutualInfoScore(**options),
        "ARI": AdjustedRandScore(**options),
    }
)

history = {"AMI": [], "ARI": []}
for _ in range(15):
    metrics.reset()
    for batch, target in batches:
        likeness = -((batch[:, None, :] - centres) ** 2).sum(dim=-1)  # (N, 10)
        loss = -likeness.max(dim=1).values.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        metrics.update(likeness, target)
    for name, value in metrics.compute().items():
        history[name].append(float(value))

plot.score_curves(range(1, 16), history, xlabel="epoch").show()

# %%
# A metric keeps its table, and the figures take tables.

plot.contingency_heatmap(contingency=metrics["AMI"].table).show()

# %%
# On many processes every rank counts its own batches, and ``compute`` adds the tables up.
