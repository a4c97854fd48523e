"""Weights of scvi-tools' models that did best on held-out rows.

Imports Lightning, so methods import this module inside their functions.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from lightning.pytorch import Callback


class BestWeights(Callback):
    """Gives a model the weights of its best look at held-out rows, if there was any.

    The library's ``SaveCheckpoint`` does the same by files, and fails where training ends before
    the first look.
    """

    def __init__(self, monitor: str) -> None:
        self.monitor = monitor
        self.loss, self.state = math.inf, None

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        now = float(trainer.callback_metrics[self.monitor])
        if now < self.loss:
            self.loss, self.state = now, copy.deepcopy(pl_module.module.state_dict())

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        if self.state is not None:
            pl_module.module.load_state_dict(self.state)
