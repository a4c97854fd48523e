"""PCA on a GPU: the components of the processor's, wherever the products are taken."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from omicsbench.methods.pca import Pca
from omicsbench.methods.pca_cuda import PcaCuda
from omicsbench.registry.discover import device_present, unavailable

pytest.importorskip("torch")


def _drawn(n: int = 300, p: int = 40) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.standard_normal((n, 5)) @ rng.standard_normal((5, p)) + 3).astype("float32")


def _same(device: str, sparse: bool) -> None:
    X = _drawn()
    given = sp.csr_matrix(X) if sparse else X
    ours, known = PcaCuda(4, device=device).fit(given), Pca(4, solver="gram").fit(given)
    assert ours.transform(given) == pytest.approx(known.transform(given), abs=2e-3)
    Z = ours.transform(given)
    assert ours.inverse_transform(Z) == pytest.approx(known.inverse_transform(Z), abs=2e-3)
    assert ours.fit_info_["explained_variance_ratio"] == pytest.approx(
        known.fit_info_["explained_variance_ratio"], abs=1e-5
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_it_is_the_pca_of_the_gram_matrix(sparse: bool) -> None:
    _same("cpu", sparse)


@pytest.mark.gpu
@pytest.mark.parametrize("sparse", [False, True])
def test_it_is_so_on_a_gpu(sparse: bool) -> None:
    _same("cuda", sparse)


def test_more_components_than_rows_are_zero() -> None:
    X = _drawn(4)
    Z = PcaCuda(6, device="cpu").fit(X).transform(X)
    assert Z.shape == (4, 6)
    assert not Z[:, 3:].any()


@pytest.mark.skipif(device_present("cuda"), reason="there is a GPU")
def test_without_a_gpu_the_reason_is_said() -> None:
    assert unavailable(PcaCuda.info) == "no cuda device on this machine"
