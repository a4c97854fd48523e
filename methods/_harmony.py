"""Harmony: soft clusters in which batches are mixed, and a linear correction in each of them.

Written from the paper (Korsunsky et al. 2019, 10.1038/s41592-019-0619-0), with its defaults;
unseen batches are mapped as in Symphony (Kang et al. 2021, 10.1038/s41467-021-25957-x).
n cells, d dimensions, K clusters, B batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from omicsbench.methods._common import Array

CELLS_PER_CLUSTER, CLUSTERS = 30, 100
BLOCKS = 20  # in which memberships are updated, a block of cells at a time
CLUSTER_ROUNDS, CLUSTER_TOLERANCE = 20, 1e-5
TOLERANCE = 1e-4
EXPAND = 10  # rounds in which an unseen cell finds its clusters


@dataclass
class Harmony:
    """What was learnt of training cells.

    ``theta`` is the weight of mixing, ``sigma`` how soft clusters are, ``ridge`` the penalty on
    a correction; as in the paper 2, 0.1 and 1.
    """

    theta: float = 2.0
    sigma: float = 0.1
    ridge: float = 1.0
    rounds: int = 10
    random_state: int = 0
    codes: Array = field(init=False)  # (B,) of the batches
    centres: Array = field(init=False)  # (K, d), of length 1
    shifts: Array = field(init=False)  # (K, B, d): what a cluster's cells of a batch lose
    mixing: Array = field(init=False)  # (K, B): by how much a batch is wanted in a cluster
    sizes: Array = field(init=False)  # (K,) and (K, d): members, and the sum of where they lie
    sums: Array = field(init=False)
    steps: int = 0

    def fit(self, Z: Array, batch: Array) -> Array:
        """Correct training cells Z (n, d) of these batches (n,); the corrected cells."""
        self.codes, own = np.unique(batch, return_inverse=True)
        Z = Z.astype(np.float64)
        member = np.eye(len(self.codes))[own]  # (n, B)
        corrected, rng = Z, np.random.default_rng(self.random_state)
        self.centres = self._first_centres(Z)
        R = self._soft(_unit(Z))
        previous = np.inf
        for _ in range(self.rounds):
            self.steps += 1
            R, objective = self._cluster(_unit(corrected), member, R, rng)
            self.shifts = _shifts(Z, R, member, self.ridge)
            corrected = Z - _applied(R, self.shifts[:, own])
            if abs(previous - objective) < TOLERANCE * abs(previous):
                break
            previous = objective
        self.sizes, self.sums = R.sum(axis=0), R.T @ corrected
        return corrected

    def transform(self, Z: Array, batch: Array) -> Array:
        """Correct unseen cells: of batches of training by what was learnt of these.

        A new batch is mapped against the corrected training cells, which lie where they lie:
        its shift in each cluster is estimated from its own cells, all that are given.
        """
        Z = Z.astype(np.float64)
        corrected = np.empty_like(Z)
        for code in np.unique(batch):
            rows = np.flatnonzero(batch == code)
            place = np.searchsorted(self.codes, code)
            known = place < len(self.codes) and self.codes[place] == code
            corrected[rows] = self._of(Z[rows], int(place)) if known else self._mapped(Z[rows])
        return corrected

    def _first_centres(self, Z: Array) -> Array:
        from sklearn.cluster import KMeans

        n = len(Z)
        k = max(min(CLUSTERS, round(n / CELLS_PER_CLUSTER)), 2 if n > 1 else 1)
        means = KMeans(k, n_init=10, max_iter=25, random_state=self.random_state).fit(_unit(Z))
        return _unit(means.cluster_centers_)

    def _soft(self, unit: Array) -> Array:
        """Membership of cells of length 1 in each cluster, (n, K), batches not regarded."""
        closeness = 2 * (unit @ self.centres.T - 1) / self.sigma
        weights = np.exp(closeness - closeness.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _cluster(
        self, unit: Array, member: Array, R: Array, rng: np.random.Generator
    ) -> tuple[Array, float]:
        """Maximum-diversity clustering: memberships (n, K) and the objective they reach."""
        share = member.mean(axis=0)
        previous = np.inf
        for _ in range(CLUSTER_ROUNDS):
            self.centres = _unit(R.T @ unit)
            plain = self._soft(unit)
            found, expected = R.T @ member, np.outer(R.sum(axis=0), share)  # (K, B) both
            for rows in np.array_split(rng.permutation(len(unit)), min(BLOCKS, len(unit))):
                found -= R[rows].T @ member[rows]
                expected -= np.outer(R[rows].sum(axis=0), share)
                wanted = ((expected + 1) / (found + 1)) ** self.theta
                weights = plain[rows] * (member[rows] @ wanted.T)
                R[rows] = weights / weights.sum(axis=1, keepdims=True)
                found += R[rows].T @ member[rows]
                expected += np.outer(R[rows].sum(axis=0), share)
            objective = self._objective(unit, R, found, expected)
            if previous - objective < CLUSTER_TOLERANCE * abs(objective):
                break
            previous = objective
        self.mixing = ((expected + 1) / (found + 1)) ** self.theta
        return R, objective

    def _objective(self, unit: Array, R: Array, found: Array, expected: Array) -> float:
        distance = 2 * (1 - unit @ self.centres.T)
        entropy = (R * np.log(np.maximum(R, 1e-300))).sum()
        mixed = (found * np.log((found + 1) / (expected + 1))).sum()
        return float((R * distance).sum() + self.sigma * (entropy + self.theta * mixed))

    def _of(self, Z: Array, place: int) -> Array:
        """Cells of a batch of training: its clusters and its shifts, until they agree."""
        corrected = Z
        for _ in range(EXPAND):
            weights = self._soft(_unit(corrected)) * self.mixing[:, place]
            R = weights / weights.sum(axis=1, keepdims=True)
            corrected = Z - R @ self.shifts[:, place]
        return corrected

    def _mapped(self, Z: Array) -> Array:
        """Cells of one new batch: in each cluster, their mean is brought to that of training."""
        R = self._soft(_unit(Z))
        own = R.sum(axis=0)  # (K,)
        # Ridge regression on an intercept, shared with the training cells, and the new batch.
        lines = np.empty((len(own), 2, 2))
        lines[:, 0, 0], lines[:, 1, 1] = own + self.sizes, own + self.ridge
        lines[:, 0, 1] = lines[:, 1, 0] = own
        mine = R.T @ Z
        shift = np.linalg.solve(lines, np.stack([mine + self.sums, mine], axis=1))[:, 1]
        return np.asarray(Z - R @ shift)


def _shifts(Z: Array, R: Array, member: Array, ridge: float) -> Array:
    """(K, B, d): ridge regression of cells on intercept and batch, in each cluster."""
    B = member.shape[1]
    design = np.column_stack([np.ones(len(Z)), member])
    penalty = ridge * np.diag([0.0] + [1.0] * B)
    shifts = np.empty((R.shape[1], B, Z.shape[1]))
    for k, weights in enumerate(R.T):
        weighted = design * weights[:, None]
        shifts[k] = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ Z)[1:]
    return shifts


def _applied(R: Array, shifts: Array) -> Array:
    """What cells lose, (n, d): memberships (n, K), shifts of each cell's batch (K, n, d)."""
    lost = np.zeros(shifts.shape[1:])
    for weights, shift in zip(R.T, shifts, strict=True):
        lost += weights[:, None] * shift
    return lost


def _unit(Z: Array) -> Array:
    length = np.linalg.norm(Z, axis=1, keepdims=True)
    return np.asarray(Z / np.where(length > 0, length, 1))
