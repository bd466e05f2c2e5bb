"""Metrics as attributes of a Lightning module, logged by a real trainer; the example of a training loop."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")
lightning = pytest.importorskip("lightning")

import amiable  # noqa: E402
import amiable.torch as metrics  # noqa: E402

# what Lightning and its parts warn of when they run is theirs
pytestmark = pytest.mark.filterwarnings("ignore")
EXAMPLE = Path(__file__).parents[2] / "examples" / "torch_loop.py"


class Rounding(lightning.LightningModule):
    """One parameter; labels are its product with the inputs, rounded."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(1.3))
        self.train_ami = metrics.AdjustedMutualInfoScore()
        self.val_ari = metrics.AdjustedRandScore(num_classes=8, num_clusters=12)
        self.seen = []

    def training_step(self, batch):
        x, target = batch
        preds = (x * self.scale).round().long()
        self.seen.append((target, preds))
        self.train_ami(preds, target)
        self.log("train_ami", self.train_ami, on_step=True, on_epoch=True)
        return (x * self.scale - target).square().mean()

    def validation_step(self, batch):
        x, target = batch
        self.val_ari.update((x * self.scale).round().long(), target)
        self.log("val_ari", self.val_ari)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


def test_a_trainer_logs_what_the_functions_give(tmp_path):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(90, generator=generator) * 7
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.round().long()), batch_size=20)
    module = Rounding()
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        num_sanity_val_steps=2,  # whose counts must not remain
    )
    trainer.fit(module, loader, loader)
    logged = trainer.callback_metrics
    target, preds = (torch.cat(parts) for parts in zip(*module.seen, strict=True))
    assert len(module.seen) == 5
    assert logged["train_ami_epoch"] == amiable.adjusted_mutual_info_score(target, preds)
    assert logged["train_ami_step"] == amiable.adjusted_mutual_info_score(*module.seen[-1])
    final = (x * module.scale.detach()).round().long()
    assert float(logged["val_ari"]) == pytest.approx(
        float(amiable.adjusted_rand_score(x.round().long(), final)), abs=1e-15
    )
    assert 0 < logged["val_ari"] < 1


def test_the_example_learns_and_both_loops_agree():
    example = runpy.run_path(str(EXAMPLE))
    data = example["digits"]()
    plain = list(example["plain"](data, 4))
    assert plain[0]["AMI"] < plain[-1]["AMI"]
    assert plain[-1]["AMI"] > 0.6
    assert list(example["with_lightning"](data, 4)) == plain
