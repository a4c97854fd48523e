"""The likelihood of counts is SciPy's and scvi-tools', its gradients are those of the value."""

from __future__ import annotations

import pytest
from scipy.stats import nbinom

pytest.importorskip("torch")
import torch

from omicsbench.methods._negative_binomial import FEW, constant, gradients, log_likelihood


def likelihood_case(dtype):
    generator = torch.Generator().manual_seed(0)
    logits, log_theta = (
        torch.randn(shape, generator=generator, dtype=dtype, requires_grad=True)
        for shape in ((7, 9), (9,))
    )
    x = torch.poisson(3 * torch.rand((7, 9), generator=generator, dtype=dtype), generator)
    x[0, 0], x[1, 1:4] = 4_000, torch.tensor([FEW - 1, FEW, FEW + 1])
    return logits, log_theta, x, x.sum(1) + 0.5


def test_likelihood_is_that_of_scipy():
    logits, log_theta, x, size = likelihood_case(torch.float64)
    mean = (logits.softmax(1) * size[:, None]).detach().numpy()
    theta = log_theta.exp().detach().numpy()
    truth = nbinom.logpmf(x.numpy(), theta, theta / (theta + mean)).sum()
    found = log_likelihood(logits, log_theta, x, size) + constant(x)
    assert found.item() == pytest.approx(truth, rel=1e-12)
    single = log_likelihood(logits.float(), log_theta.float(), x.float(), size.float())
    assert (single + constant(x)).item() == pytest.approx(truth, rel=1e-4)


def test_gradients_are_those_of_the_likelihood():
    logits, log_theta, x, size = likelihood_case(torch.float64)
    wanted = torch.autograd.grad(log_likelihood(logits, log_theta, x, size), (logits, log_theta))
    with torch.no_grad():
        found = gradients(logits, log_theta, x, size)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("scale", "spread"), [(80.0, 12.0), (-80.0, -12.0), (0.0, -40.0)])
def test_extreme_parameters_stay_finite(scale, spread):
    x = torch.tensor([[0.0, 3.0, 50_000.0]])
    logits, log_theta = torch.tensor([[scale, 0.0, -scale]]), torch.full((3,), spread)
    by_logits, by_log_theta = gradients(logits, log_theta, x, x.sum(1))
    assert torch.isfinite(log_likelihood(logits, log_theta, x, x.sum(1)))
    assert torch.isfinite(by_logits).all()
    assert torch.isfinite(by_log_theta).all()


@pytest.mark.slow
def test_likelihood_is_that_of_scvi():
    distributions = pytest.importorskip("scvi.distributions")
    logits, log_theta, x, size = likelihood_case(torch.float64)
    mean = logits.softmax(1) * size[:, None]
    theirs = distributions.NegativeBinomial(mu=mean, theta=log_theta.exp()).log_prob(x).sum()
    ours = log_likelihood(logits, log_theta, x, size) + constant(x)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
