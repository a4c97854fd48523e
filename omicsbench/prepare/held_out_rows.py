"""What was held out of all methods, of the rows of one run: read when a metric asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.prepare.mapped_array import mapped
from omicsbench.prepare.mapped_rows import MappedCsr
from omicsbench.prepare.normalise import TARGET_SUM, counted, counted_rows
from omicsbench.prepare.parts import HALVES, HELD_OUT, PartName
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.scaling import Scaler
from omicsbench.prepare.split import order
from omicsbench.prepare.subsample import Float32Array, in_memory
from omicsbench.records.spec import RunSpec

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

REFERENCE_ROWS = 100_000  # training rows among which neighbours are sought: 1.3 million take long
LEARNING_ROWS = 5_000  # from which held-out features are predicted


@dataclass(frozen=True)
class HeldOutRows:
    """Of which rows is what a run's spec tells. Larger n have the same first training rows."""

    spec: RunSpec
    prepared: Prepared

    @property
    def halved(self) -> bool:
        """Whether half of the molecules were held out: they are of counts."""
        facts = self.prepared.facts.hold_out
        return facts is not None and facts.molecules

    def molecules(self, part: Any) -> Float32Array:
        """Counts of the other half of the scored rows of a part, (m, p)."""
        half = self.prepared.matrices(HALVES[part])[""]
        rows = np.asarray(half.order[: self.spec.scored])
        assert half.depth is not None
        return counted(in_memory(half.X[rows]), np.asarray(half.depth[rows]))

    @cached_property
    def reference(self) -> NDArray[np.int64]:
        """Places among the run's training rows of at most ``REFERENCE_ROWS``, ascending."""
        return self._places(REFERENCE_ROWS)

    @cached_property
    def reference_counts(self) -> csr_matrix:
        """Counts of these rows, (r, p), of the half that methods are given."""
        from scipy.sparse import csr_matrix

        train = self.prepared.matrices("train")[""]
        rows = self._train[self.reference]
        assert train.depth is not None
        totals = np.asarray(train.depth[rows])
        if isinstance(train.X, MappedCsr):
            return counted_rows(train.X[rows], totals)
        return csr_matrix(counted(train.X[rows], totals))

    def rates(self, scaled: Float32Array) -> Float32Array:
        """Expected counts (m, p), up to a factor of each row, of values in the fixed space.

        What is no logarithm of a share of all molecules, from 0 to 1, is the nearest that is.
        """
        scaler = self.prepared.matrices("train")[""].scaler()
        logs = np.clip(scaler.inverse(scaled), 0, np.log1p(TARGET_SUM))
        return np.asarray(np.expm1(logs), dtype=np.float32)

    def values(self, part: Any) -> Float32Array:
        """Held-out features of the scored rows of a part, (m, q), as those that are seen."""
        own = self.prepared.matrices(part)[""]
        return self._values(part, np.asarray(own.order[: self.spec.scored]))

    @cached_property
    def learning(self) -> NDArray[np.int64]:
        """Places among the run's training rows of at most ``LEARNING_ROWS``, ascending."""
        return self._places(LEARNING_ROWS)

    @cached_property
    def learning_values(self) -> Float32Array:
        """Held-out features of these rows, (t, q)."""
        return self._values("train", self._train[self.learning])

    def _values(self, part: PartName, rows: NDArray[np.int64]) -> Float32Array:
        home, contents = self.prepared.folder / HELD_OUT, self.prepared.contents
        scaler = Scaler(mapped(home / "sd.npy"), mapped(home / "mean.npy"), contents.scale)
        if contents.sparse:
            held: Float32Array = MappedCsr.open(home / part, scaler.sd.size)[rows].toarray()
        else:
            held = mapped(home / part / "X.npy")[rows]
        return np.asarray(scaler.transform(held))

    @cached_property
    def _ordered(self) -> NDArray[np.int64]:
        """The run's training rows in the repeat's order."""
        pool = self.prepared.split.train.size
        return order(pool, self.spec.repeat, self.spec.seed)[: self.spec.size]

    @cached_property
    def _train(self) -> NDArray[np.int64]:
        return np.sort(self._ordered)

    def _places(self, most: int) -> NDArray[np.int64]:
        """The first rows of the repeat's order, which are any of them."""
        return np.sort(np.searchsorted(self._train, self._ordered[:most]))
