"""The deep predictors keep the contract, learn at any depth, and know how sure they are."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("torch")
pytest.importorskip("pyro")

from omicsbench.methods.bayesian_mlp import BayesianMlp
from omicsbench.methods.conv_net import ConvNet
from omicsbench.methods.deep_ensemble import DeepEnsemble
from omicsbench.methods.mc_dropout import McDropout
from omicsbench.methods.mlp import Mlp

P = 36
SMALL: dict[str, Any] = {
    "mlp": lambda **more: Mlp(**{"width": 32, "max_steps": 150, **more}),
    "conv_net": lambda **more: ConvNet(
        **{"image": (6, 6), "channels": 4, "width": 16, "max_steps": 150, **more}
    ),
    "bayesian_mlp": lambda **more: BayesianMlp(**{"max_steps": 250, "samples": 7, **more}),
    "deep_ensemble": lambda **more: DeepEnsemble(
        **{"members": 3, "width": 32, "max_steps": 100, **more}
    ),
    "mc_dropout": lambda **more: McDropout(**{"width": 32, "max_steps": 150, "samples": 7, **more}),
}
SAMPLING = ("bayesian_mlp", "deep_ensemble", "mc_dropout")
every = pytest.mark.parametrize("name", SMALL)
sampling = pytest.mark.parametrize("name", SAMPLING)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Small problems only: threads that wait for each other on a busy machine cost most."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


def groups(n: int, p: int = P, codes=(0, 1, 2), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Classes about their centres, all values far from zero; the centres do not hang on seed."""
    centres = np.random.default_rng(5).normal(size=(len(codes), p))
    rng = np.random.default_rng(seed)
    y = np.asarray(codes)[np.arange(n) % len(codes)]
    X = centres[np.arange(n) % len(codes)] + rng.normal(size=(n, p)) + 4
    return X.astype(np.float32), y


def logistic(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn by a multinomial logistic model of 20 features, 3 classes."""
    weights = np.random.default_rng(7).normal(size=(20, 3)) / np.sqrt(5)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 20))
    shares = np.exp(X @ weights)
    shares /= shares.sum(axis=1, keepdims=True)
    y = (shares.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return X.astype(np.float32), y


def accuracy(model, X: np.ndarray, y: np.ndarray) -> float:
    return float((model.classes_[model.predict_proba(X).argmax(axis=1)] == y).mean())


def ece(P: np.ndarray, y: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error: mean gap of confidence and accuracy, weighted by bin."""
    sure, right = P.max(axis=1), P.argmax(axis=1) == y
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs((sure - right)[place == k].sum()) for k in range(bins)]
    return float(np.sum(gaps) / len(y))


@every
def test_probabilities_of_the_classes_seen(name):
    X, y = groups(90, codes=(3, 7, 40))
    model = SMALL[name]()
    assert model.fit(X[:60], y[:60]) is model
    answer = model.predict_proba(X[60:])
    assert model.classes_.tolist() == [3, 7, 40]
    assert answer.shape == (30, 3)
    assert answer.dtype == np.float64
    assert (answer >= 0).all()
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-9)
    assert accuracy(model, X[60:], y[60:]) > 0.75
    assert model.fit_info_["classes"] == 3


@every
@pytest.mark.parametrize(
    "y",
    [
        np.r_[np.zeros(10, int), np.full(8, 4), 9, 11],  # two classes with one row
        np.arange(20) % 2,
        np.arange(20),  # nothing can be held out
        np.zeros(20, int),
    ],
    ids=["single members", "two classes", "all single", "one class"],
)
def test_twenty_rows(name, y):
    X, _ = groups(20)
    model = SMALL[name](max_steps=30).fit(X, y)
    answer = model.predict_proba(X[:3])
    assert model.classes_.tolist() == sorted(set(y.tolist()))
    assert answer.shape == (3, len(model.classes_))
    assert np.isfinite(answer).all()
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-9)


@every
def test_sparse_dense_and_mapped_rows_give_the_same(name):
    class Rows:
        """What a method that streams may ask of its input."""

        def __init__(self, X):
            self.X, self.shape = X, X.shape

        def __getitem__(self, rows):
            return self.X[rows]

        def mean(self, axis, dtype=np.float64):
            return self.X.mean(axis=axis, dtype=dtype)

    X, y = groups(80)
    X[X < 4] = 0
    before = X.copy()
    dense, *others = (
        SMALL[name](max_steps=40).fit(A, y).predict_proba(A) for A in (X, sp.csr_matrix(X), Rows(X))
    )
    for other in others:
        np.testing.assert_allclose(other, dense, atol=2e-3)
    np.testing.assert_array_equal(X, before)


@every
def test_equal_seeds_give_equal_answers_and_pickle_keeps_them(name):
    X, y = groups(60)
    first, again, other = (
        SMALL[name](max_steps=40, random_state=seed).fit(X, y) for seed in (0, 0, 1)
    )
    answer = first.predict_proba(X)
    np.testing.assert_array_equal(again.predict_proba(X), answer)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).predict_proba(X), answer)
    assert not np.array_equal(other.predict_proba(X), answer)


@every
def test_training_leaves_the_generator_of_torch_alone(name):
    import torch

    X, y = groups(40)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    SMALL[name](max_steps=5).fit(X, y).predict_proba(X)
    assert torch.rand(1) == expected


@sampling
def test_mean_of_the_samples_is_the_answer(name):
    X, y = groups(60)
    model = SMALL[name](max_steps=60).fit(X, y)
    samples = model.sample_proba(X)
    assert samples.shape == (3 if name == "deep_ensemble" else 7, 60, 3)
    np.testing.assert_allclose(samples.sum(axis=2), 1, atol=1e-9)
    np.testing.assert_array_equal(model.sample_proba(X), samples)
    np.testing.assert_allclose(samples.mean(axis=0), model.predict_proba(X), atol=1e-12)
    assert samples.std(axis=0).max() > 1e-4, "samples differ"
    # A sample is one function: the answer for a row does not hang on the rows beside it.
    np.testing.assert_allclose(model.sample_proba(X[10:13]), samples[:, 10:13], atol=1e-5)


@sampling
def test_calibrated_where_the_truth_is_known(name):
    X, y = logistic(6000)
    made = {
        "bayesian_mlp": BayesianMlp(max_steps=800),
        "deep_ensemble": DeepEnsemble(width=128),
        "mc_dropout": McDropout(width=128),
    }
    model = made[name].fit(X[:2000], y[:2000])
    answer = model.predict_proba(X[2000:])
    assert ece(answer, y[2000:]) < 0.05
    assert (answer.argmax(axis=1) == y[2000:]).mean() > 0.6


@pytest.mark.parametrize("depth", [1, 8])
def test_learns_at_any_depth_and_from_few_rows(depth):
    from sklearn.linear_model import LogisticRegression

    X, y = groups(560, p=500, codes=(0, 1, 2, 3))
    X[:, 40:] = np.random.default_rng(1).normal(size=(560, 460))  # most genes tell nothing
    model = Mlp(depth=depth, width=128).fit(X[:60], y[:60])
    simple = LogisticRegression(max_iter=1000).fit(X[:60], y[:60])
    assert accuracy(model, X[60:], y[60:]) > simple.score(X[60:], y[60:]) - 0.1
    assert model.fit_info_["stopped_early"]


def test_what_is_not_linear_is_learnt():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (1500, 4)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    brief = {"width": 64, "max_steps": 400}
    for model in (Mlp(**brief), Mlp(depth=8, **brief), BayesianMlp(depth=2, max_steps=1000)):
        assert accuracy(model.fit(X[:1000], y[:1000]), X[1000:], y[1000:]) > 0.85


def test_rows_are_held_out_by_class():
    from omicsbench.methods._classifier import held_out

    codes = np.repeat([0, 1, 2, 3, 4], [100, 50, 10, 2, 1])
    held = held_out(codes, 0.2, 0)
    assert len(np.unique(held)) == len(held)
    counts = np.bincount(codes[held], minlength=5)
    np.testing.assert_allclose(counts[:3], [20, 10, 2], atol=1)
    assert counts[3] < 2
    assert counts[4] == 0
    assert len(held_out(codes, 0.0, 0)) == 0
    assert not np.array_equal(held, held_out(codes, 0.2, 1))
    assert np.bincount(np.repeat([0, 1], 2)[held_out(np.repeat([0, 1], 2), 0.5, 0)]).max() == 1


def test_convolutions_know_the_places():
    from sklearn.datasets import load_digits

    digits = load_digits()
    X, y = digits.data.astype(np.float32), digits.target
    kept = np.flatnonzero(X[:600].std(axis=0) > 0)
    assert len(kept) < 64
    made = {"image": (8, 8), "channels": 8, "max_steps": 300}
    model = ConvNet(**made, places=kept).fit(X[:600, kept], y[:600])
    assert accuracy(model, X[600:, kept], y[600:]) > 0.85
    # Features in another order, with their places, are the same images.
    order = np.random.default_rng(0).permutation(len(kept))
    mixed = ConvNet(**made, places=kept[order]).fit(X[:600, kept[order]], y[:600])
    picture, features = model.net_.body[0], mixed.net_.body[0]
    import torch

    rows = torch.from_numpy(X[:5])
    images = torch.from_numpy(np.where(np.isin(np.arange(64), kept), X[:5], 0)).view(5, 1, 8, 8)
    assert torch.equal(picture(rows[:, kept]), images)
    assert torch.equal(features(rows[:, kept[order]]), images)
    assert accuracy(mixed, X[600:, kept[order]], y[600:]) > 0.85


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Mlp(depth=0), "depth=0"),
        (Mlp(depth=9), "1 to 8"),
        (Mlp(activation="step"), "use one of elu"),
        (Mlp(dropout=1.0), "dropout=1.0"),
        (Mlp(validation_fraction=0.7), "from 0 to 0.5"),
        (ConvNet(), r"conv_net\(image=\(8, 8\)\)"),
        (ConvNet(image=(5, 5)), "25 places, X 36 features"),
        (ConvNet(image=(7, 7), places=np.zeros(P, int)), "one of the 49 places"),
        (BayesianMlp(depth=3), "1 or 2"),
        (BayesianMlp(activation="step"), "use one of elu"),
        (BayesianMlp(prior_scale=0.0), "prior_scale above 0"),
        (McDropout(dropout=0.0), "dropout above 0"),
        (DeepEnsemble(members=0), "members=0"),
    ],
)
def test_bad_parameters_are_refused_in_words(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(*groups(30))


def test_posterior_is_wider_with_less_data_and_away_from_it():
    X, y = logistic(1100)
    wide, narrow = (BayesianMlp(max_steps=600).fit(X[:n], y[:n]) for n in (40, 1000))
    unseen = X[1000:]

    def spread(model, rows):
        return float(model.sample_proba(rows).std(axis=0).mean())

    assert spread(wide, unseen) > 1.3 * spread(narrow, unseen)
    # Where the classes are as likely as each other by the mean, only distance is left.
    rng = np.random.default_rng(0)
    near, far = rng.normal(size=(200, 20)), 8 * rng.normal(size=(200, 20))
    logits = [
        np.log(narrow.sample_proba(rows.astype(np.float32)) + 1e-12).std(axis=0).mean()
        for rows in (near, far)
    ]
    assert logits[1] > 2 * logits[0]


def test_pyro_is_left_as_it_was():
    import pyro

    pyro.clear_param_store()
    X, y = groups(60)
    first = SMALL["bayesian_mlp"](max_steps=40).fit(X, y)
    answer = first.predict_proba(X)
    SMALL["bayesian_mlp"](max_steps=40, random_state=5, width=8).fit(X, y[::-1])
    np.testing.assert_array_equal(first.predict_proba(X), answer)
    assert not list(pyro.get_param_store().keys())


def test_bound_is_that_of_an_independent_computation():
    """The divergence of the guide in closed form, the likelihood by hand from the same guide."""
    import torch
    from torch.distributions import Normal, kl_divergence

    from omicsbench.methods._bayesian import BayesianNetwork

    torch.manual_seed(0)
    net = BayesianNetwork([5, 4, 3], np.zeros(5, np.float32), 1.0, "relu", 2.0)
    x, y = torch.randn(6, 5), torch.tensor([0, 1, 2, 0, 1, 2])

    def likelihood(weights):
        """Of 6 rows that stand for 60."""
        hidden = torch.relu(2 * (x @ weights["weight0"] / 5**0.5 + weights["bias0"]))
        logits = 2 * (hidden @ weights["weight1"] / 4**0.5 + weights["bias1"])
        return 10 * torch.log_softmax(logits, 1)[torch.arange(6), y].sum()

    guide = {name: Normal(net.loc[name], net.log_scale[name].exp()) for name in net.loc}
    divergence = sum(kl_divergence(q, Normal(0.0, 1.0)).sum() for q in guide.values())
    with torch.no_grad():
        by_hand = torch.stack(
            [likelihood({name: q.sample() for name, q in guide.items()}) for _ in range(500)]
        ).mean()
        loss = torch.stack([net.loss(x, y, 60) for _ in range(500)]).mean()
    assert float(loss) == pytest.approx(float(divergence.detach() - by_hand) / 60, rel=0.02)
