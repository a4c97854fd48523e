"""Time and peak memory of every method at small n, by its contract alone: fit, then apply."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np

from .made_up import cells, methods, modalities, part

TRAIN, TEST, FEATURES = 300, 100, 400
# Given to a method that has such a parameter: few steps of training cost as much each as many.
SETTINGS: dict[str, Any] = {
    "n_components": 2,
    "random_state": 0,
    "image": (20, 20),
    "max_steps": 100,
    "epochs": 10,
    "max_iterations": 30,
}


class Subject:
    """A method with the rows it is measured on."""

    def __init__(self, name: str) -> None:
        """Raises NotImplementedError if this revision, or this machine, does not have it."""
        discover = part("registry.discover", "registry").discover
        unavailable = part("registry.discover", "registry").unavailable

        entry = discover().methods.get(name)
        if entry is None:
            raise NotImplementedError(f"this revision has no method {name}")
        reason = unavailable(entry.info)
        if reason:
            raise NotImplementedError(reason)
        self.entry = entry
        known = inspect.signature(entry.make).parameters
        self.settings = {key: value for key, value in SETTINGS.items() if key in known}
        self.task = getattr(entry.info, "task", "embed")
        X, y = cells(TRAIN + TEST, FEATURES)
        self.train, self.test = X[:TRAIN], X[TRAIN:]
        if self.task == "integrate":
            whole = modalities(TRAIN + TEST)
            self.train = {key: part[:TRAIN] for key, part in whole.items()}
            self.test = {key: part[TRAIN:] for key, part in whole.items()}
        if getattr(entry.info, "reads", "values") == "counts":
            from omicsbench.stream import Counts

            self.train, self.test = (Counts.held(abs(3 * X) // 1) for X in (self.train, self.test))
        uses = "batch" in getattr(entry.info, "uses", ())
        self.batch_train, self.batch_test = (
            {"batch": np.arange(rows, dtype=np.int32) % 2} if uses else {} for rows in (TRAIN, TEST)
        )
        if "labels" in getattr(entry.info, "uses", ()) and self.task == "batch":
            self.batch_train["labels"] = y[:TRAIN]
        if self.task == "regress":
            y = X[:, 0].astype(float)
        sees = self.task in ("predict", "regress") or entry.info.sees_labels
        self.y_train = (y[:TRAIN],) if sees else ()
        self.y_test = (y[TRAIN:],) if entry.info.sees_labels and self.task == "embed" else ()

    def fit(self) -> Any:
        model = self.entry.make(**self.settings)
        model.fit(self.train, *self.y_train, **self.batch_train)
        return model

    def apply(self, model: Any) -> Any:
        if self.task == "regress":
            return model.predict(self.test)
        if self.task == "predict":
            return model.predict_proba(self.test, **self.batch_test)
        return model.transform(self.test, *self.y_test, **self.batch_test)


@cache
def warm(name: str) -> tuple[Subject, Any]:
    """A method that has been fitted and applied once, so that all is imported and compiled.

    Kept, as asv sets up anew before every sample.
    """
    subject = Subject(name)
    model = subject.fit()
    subject.apply(model)
    return subject, model


class Methods:
    """Every method of every task on 300 training and 100 new rows, two components."""

    params = methods()
    param_names = ("method",)
    number, repeat, rounds, warmup_time, timeout = 1, (2, 5, 2.0), 2, 0, 300

    def setup(self, name: str) -> None:
        self.subject, self.model = warm(name)

    def time_fit(self, name: str) -> None:
        self.subject.fit()

    def time_apply(self, name: str) -> None:
        """transform, or predict_proba, of rows not seen in fitting."""
        self.subject.apply(self.model)


class Memory:
    """Peak resident memory of a process that imports, fits and applies a method, and no more."""

    params = methods()
    param_names = ("method",)
    timeout = 300

    def setup(self, name: str) -> None:
        self.subject = Subject(name)

    def peakmem_fit_apply(self, name: str) -> None:
        self.subject.apply(self.subject.fit())
