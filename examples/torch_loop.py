"""K-means on the digits by gradient descent, scored after every epoch: a plain torch loop, or Lightning.

`python examples/torch_loop.py` needs amiable[torch] and scikit-learn, for the digits; `--lightning` lightning as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MetricCollection

from amiable.torch import AdjustedMutualInfoScore, AdjustedRandScore


def digits() -> TensorDataset:
    """Return 1,797 images of 64 pixels, and the digit of each."""
    images, truth = load_digits(return_X_y=True)
    return TensorDataset(torch.from_numpy(images).float() / 16, torch.from_numpy(truth))


class KMeans(nn.Module):
    """Ten centres, drawn from the data; the loss is the squared distance to the nearest."""

    def __init__(self, data: TensorDataset, n_clusters: int = 10) -> None:
        super().__init__()
        chosen = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))[:n_clusters]
        self.centres = nn.Parameter(data.tensors[0][chosen].clone())

    def forward(self, images: Tensor) -> Tensor:
        """Return minus the squared distance to each centre, (N, n_clusters): the larger, the likelier."""
        return -((images[:, None, :] - self.centres) ** 2).sum(-1)


def scores(n_clusters: int = 10) -> MetricCollection:
    """Return what is scored; both metrics share one 10 x 10 table, which is updated once."""
    options = {"num_classes": 10, "num_clusters": n_clusters, "argmax": True}
    return MetricCollection({"AMI": AdjustedMutualInfoScore(**options), "ARI": AdjustedRandScore(**options)})


def plain(data: TensorDataset, epochs: int) -> Iterator[dict[str, float]]:
    """Train in a loop; yield the scores of each epoch."""
    model, metrics = KMeans(data), scores()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    batches = DataLoader(data, batch_size=256, shuffle=True, generator=torch.Generator().manual_seed(0))
    for _ in range(epochs):
        metrics.reset()
        for images, truth in batches:
            likeness = model(images)
            optimizer.zero_grad()
            (-likeness.max(dim=1).values.mean()).backward()
            optimizer.step()
            metrics.update(likeness, truth)  # preds, target
        yield {name: float(value) for name, value in metrics.compute().items()}


def with_lightning(data: TensorDataset, epochs: int) -> Iterator[dict[str, float]]:
    """Train with a Lightning trainer, which resets the metrics, logs them and syncs them across ranks."""
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.metrics = KMeans(data), scores()
            self.epochs: list[dict[str, float]] = []

        def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
            images, truth = batch
            likeness = self.model(images)
            self.metrics.update(likeness, truth)
            self.log_dict(self.metrics, on_step=False, on_epoch=True)
            return -likeness.max(dim=1).values.mean()

        def on_train_epoch_end(self) -> None:
            self.epochs.append({name: float(value) for name, value in self.metrics.compute().items()})

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=0.02)

    module = Module()
    batches = DataLoader(data, batch_size=256, shuffle=True, generator=torch.Generator().manual_seed(0))
    options = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "log_every_n_steps": 1}
    lightning.Trainer(max_epochs=epochs, **options).fit(module, batches)
    yield from module.epochs


def main() -> None:
    """Print the scores of every epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lightning", action="store_true", help="train with a Lightning trainer")
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    train = with_lightning if arguments.lightning else plain
    for epoch, found in enumerate(train(digits(), arguments.epochs), start=1):
        print(f"epoch {epoch}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
