"""The step of training that is written out: its gradients are those that autograd finds."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch")
import torch

from omicsbench.methods._count_step import loss
from omicsbench.methods._count_vae import CountNetwork
from omicsbench.methods._dense import Dense, product

NETWORKS = {
    "deep": ([30, 12, 3], 0.0, False),
    "linear": ([30, 12, 3], 0.0, True),
    "two hidden layers": ([30, 40, 12, 3], 0.0, False),
    "dropout": ([30, 12, 3], 0.3, False),
}
CLOSE = {torch.float64: 1e-7, torch.float32: 1e-4}  # of digamma's series, of rounding


def seeded_dropout(y, p, training):
    """As the step draws it, so that both drop the same units."""
    return y * torch.rand_like(y).ge(p) / (1 - p) if p else y


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_step_is_what_autograd_makes_of_the_network(kind, dtype, monkeypatch):
    monkeypatch.setattr(torch.nn.functional, "dropout", seeded_dropout)
    widths, dropout, linear = NETWORKS[kind]
    torch.manual_seed(0)
    net = CountNetwork(widths, None, dropout, linear).to(dtype).train()
    x = torch.poisson(20 * torch.rand(50, 30, dtype=dtype))
    found = []
    for value in (lambda net: net(x), lambda net: loss(net, x)):
        one = copy.deepcopy(net)
        torch.manual_seed(1)
        (2 * value(one)).backward()
        running = [b for b in one.buffers() if b.is_floating_point()]
        found.append([*(p.grad for p in one.parameters()), *running])
    for wanted, got in zip(*found, strict=True):
        torch.testing.assert_close(
            got, wanted, rtol=0, atol=CLOSE[dtype] * float(wanted.abs().max())
        )


@pytest.mark.parametrize("widths", [(70, 12), (12, 70)])
def test_dense_layers_are_those_of_torch(widths):
    torch.manual_seed(0)
    ours, theirs = Dense(*widths), torch.nn.Linear(*widths)
    with torch.no_grad():
        theirs.weight.copy_(ours.turned())
        theirs.bias.copy_(ours.bias)
    x, by = torch.randn(9, widths[0]), torch.randn(9, widths[1])
    wanted = theirs(x)
    wanted.backward(by)
    torch.testing.assert_close(ours(x), wanted)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), wanted)
        by_weight = ours.by_weight(by, x)
    assert by_weight.is_contiguous()
    assert ours.weight.is_contiguous(), "else the optimiser copies its gradient at each step"
    torch.testing.assert_close(by_weight.t() if ours.wide else by_weight, theirs.weight.grad)
    torch.testing.assert_close(
        product(x, by.new_ones(2, widths[0])), x.sum(1)[:, None].expand(9, 2)
    )
