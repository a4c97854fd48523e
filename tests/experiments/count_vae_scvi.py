"""Does ``count_vae`` agree with scVI, and how much faster does it train?

    pip install scvi-tools==1.4.2
    python tests/experiments/count_vae_scvi.py                    # minutes, nearly all scVI's
    python tests/experiments/count_vae_scvi.py --data pbmc_facs

All learn from the same 1,000 cells and their most variable genes (by log count), for the same
number of mini-batches of 128, without early stopping: one hidden layer of 128, 10 dimensions,
negative binomial, observed library size, the divergence at its full weight from the start.

- ``count_vae(random)`` and ``scvi``: dispersions and output biases begin at random, as the library
  has it;
- ``count_vae`` and ``scvi(alike)``: they begin at the best model of cells alike.

On equal terms the two should agree.

Of up to 3,000 unseen cells it prints minus the evidence bound (nats per cell, less is better; one
function for all, the same noise) and the balanced accuracy of a kNN probe (k = 15, 5 folds); of
training the cells per second of CPU and of wall time, on one thread: of scVI's its loop and data
loader, not its set-up. ``--decoder linear`` compares with LDVAE.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import time
import warnings
from dataclasses import astuple, dataclass
from functools import cache, partial
from typing import Any

import anndata
import numpy as np
import scvi
import torch
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from omicsbench.methods._count_vae import LEAST_VARIANCE, size, start
from omicsbench.methods._negative_binomial import constant, log_likelihood
from omicsbench.methods.count_vae import CountVae
from omicsbench.stream import Counts

TRAIN, UNSEEN, BATCH, DIMENSIONS, DRAWS = 1_000, 3_000, 128, 10, 10
Array = np.ndarray[Any, np.dtype[Any]]
HEAD = f"{'':26} minus bound   kNN probe   cells/CPU s   cells/s"


@dataclass
class Found:
    loss: float
    probe: float
    cells_per_cpu_s: float
    cells_per_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("scmark_immune", "pbmc_facs"), default="scmark_immune")
    parser.add_argument("--genes", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--decoder", choices=("deep", "linear"), default="deep")
    chosen = parser.parse_args()
    quiet()
    fits = {
        "count_vae(random)": partial(ours, start="random"),
        "scvi": theirs,
        "count_vae": ours,
        "scvi(alike)": partial(theirs, alike=True),
    }
    found: dict[str, list[Found]] = {name: [] for name in fits}
    print(HEAD)
    for seed in range(chosen.seeds):
        train, test, labels = cells(chosen.data, chosen.genes, seed)
        for name, fit in fits.items():
            one = fit(train, test, labels, chosen.steps, chosen.decoder, seed)
            found[name].append(one)
            show(f"{name}, seed {seed}", one)
    for name, rows in found.items():
        show(f"{name}, mean", mean_of(rows))
    for one, other in (("count_vae(random)", "scvi"), ("count_vae", "scvi(alike)")):
        print(f"{one} against {other}: {compared(found[one], found[other])}")


def mean_of(rows: list[Found]) -> Found:
    return Found(*np.mean([astuple(row) for row in rows], axis=0))


def compared(ours: list[Found], theirs: list[Found]) -> str:
    """Differences of the means; that of probes with its standard error, seed by seed."""
    own, other = mean_of(ours), mean_of(theirs)
    apart = [a.probe - b.probe for a, b in zip(ours, theirs, strict=True)]
    error = np.std(apart, ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else np.nan
    return (
        f"loss {own.loss / other.loss - 1:+.2%}, kNN probe {np.mean(apart):+.3f} (standard error "
        f"{error:.3f}), speed {own.cells_per_cpu_s / other.cells_per_cpu_s:.1f} x by CPU time, "
        f"{own.cells_per_s / other.cells_per_s:.1f} x by wall time"
    )


def show(name: str, one: Found) -> None:
    print(
        f"{name:26} {one.loss:11.1f}   {one.probe:9.3f}   {one.cells_per_cpu_s:11,.0f}"
        f"   {one.cells_per_s:7,.0f}",
        flush=True,
    )


def quiet() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    scvi.settings.verbosity = logging.ERROR
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)


@cache
def loaded(data: str) -> tuple[anndata.AnnData, str]:
    load = importlib.import_module(f"omicsbench.datasets.{data}").load
    return load(), load.info.label


def cells(data: str, p: int, seed: int) -> tuple[Array, Array, Array]:
    """Counts to learn from, counts of unseen cells, and the classes of these."""
    adata, label = loaded(data)
    order = np.random.default_rng(seed).permutation(adata.n_obs)[: TRAIN + UNSEEN]
    counts = adata.X[order].toarray().astype(np.float32)
    genes = np.sort(np.log1p(counts[:TRAIN]).var(axis=0).argsort()[-p:])
    counts = counts[:, genes]
    order, counts = order[counts.any(axis=1)], counts[counts.any(axis=1)]
    labels = adata.obs[label].to_numpy()[order[TRAIN:]]
    return counts[:TRAIN], counts[TRAIN:], labels


def probe(Z: Array, labels: Array) -> float:
    knn = KNeighborsClassifier(15)
    return float(cross_val_score(knn, Z, labels, scoring="balanced_accuracy", cv=5).mean())


def ours(
    train: Array,
    test: Array,
    labels: Array,
    steps: int,
    decoder: str,
    seed: int,
    start: str = "alike",
) -> Found:
    model = CountVae(
        DIMENSIONS,
        decoder=decoder,
        start=start,
        batch_size=BATCH,
        max_steps=steps,
        validation_fraction=0,
        random_state=seed,
    )
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(Counts.held(train))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    net, x = model.net_, torch.from_numpy(test)
    with torch.inference_mode():
        mean, log_variance = net.place(net.encoder(x.log1p())).chunk(2, 1)
        variance = log_variance.exp() + LEAST_VARIANCE
        loss = minus_bound(mean, variance, net.logits, net.log_theta, x)
    done = steps * BATCH
    return Found(loss, probe(mean.numpy(), labels), done / cpu, done / wall)


def theirs(
    train: Array,
    test: Array,
    labels: Array,
    steps: int,
    decoder: str,
    seed: int,
    alike: bool = False,
) -> Found:
    scvi.settings.seed = seed
    known = anndata.AnnData(train)
    make = scvi.model.SCVI if decoder == "deep" else scvi.model.LinearSCVI
    make.setup_anndata(known)
    model = make(known, n_hidden=128, n_latent=DIMENSIONS, n_layers=1, gene_likelihood="nb")
    module = model.module
    if alike:
        profile, log_theta = start(Counts.held(train))
        deep = decoder == "deep"
        last = module.decoder.px_scale_decoder[0] if deep else module.decoder.factor_regressor
        last = last if deep else last.fc_layers[0][1]  # of LDVAE it is batch norm that adds
        with torch.no_grad():
            module.px_r.copy_(torch.from_numpy(log_theta))
            last.bias.copy_(torch.from_numpy(np.log(profile)))
    cpu, wall = time.process_time(), time.perf_counter()
    model.train(
        max_steps=steps,
        max_epochs=steps,
        train_size=1.0,
        batch_size=BATCH,
        accelerator="cpu",
        plan_kwargs={"n_epochs_kl_warmup": None},
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=False,
        enable_checkpointing=False,
    )
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    x, one = torch.from_numpy(test), torch.zeros(len(test), 1)
    module.eval()

    def logits(z: torch.Tensor) -> torch.Tensor:
        shares: torch.Tensor = module.decoder("gene", z, one, one.long())[0]
        return shares.log()

    with torch.inference_mode():
        place, _ = module.z_encoder(x.log1p(), one.long())
        loss = minus_bound(place.loc, place.variance, logits, module.px_r, x)
    done = model.trainer.global_step * BATCH
    return Found(loss, probe(place.loc.numpy(), labels), done / cpu, done / wall)


def minus_bound(
    mean: torch.Tensor,
    variance: torch.Tensor,
    logits: Any,
    log_theta: torch.Tensor,
    x: torch.Tensor,
) -> float:
    """In nats per cell, the mean of ``DRAWS`` places of each cell."""
    generator = torch.Generator().manual_seed(0)
    apart = 0.5 * (mean.square() + variance - variance.log() - 1).sum()
    fit = torch.zeros(())
    for _ in range(DRAWS):
        z = mean + variance.sqrt() * torch.randn(mean.shape, generator=generator)
        fit += log_likelihood(logits(z), log_theta, x, size(x)) / DRAWS
    return float((apart - fit - constant(x)) / len(x))


if __name__ == "__main__":
    main()
