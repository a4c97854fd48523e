"""What a worker's environment does for its memory."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from omicsbench.records.environment import worker_environment

ENCODE = """
import resource, sys
import numpy as np, torch
from omicsbench.methods._torch import by_blocks
class Rows:
    shape = (200_000, int(sys.argv[1]))
    def __getitem__(self, rows):
        return np.ones((len(range(*rows.indices(self.shape[0]))), self.shape[1]), np.float32)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
net = torch.nn.Sequential(
    torch.nn.Linear(Rows.shape[1], 512), torch.nn.ELU(), torch.nn.Linear(512, 20)
)
with torch.inference_mode():
    net(torch.ones(4_096, Rows.shape[1]))
before = peak()
made = by_blocks(net, Rows(), "cpu")
print(peak() - before - made.nbytes * 2 / 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc's memory that is spoken of")
@pytest.mark.parametrize("features", [600, 1_000, 2_000])
def test_blocks_that_were_encoded_are_given_back(features: int) -> None:
    pytest.importorskip("torch")
    command = [sys.executable, "-P", "-c", ENCODE, str(features)]
    environment = os.environ | worker_environment(1)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    block = 4_096 * features * 4 / 2**20
    assert float(done.stdout) < 6 * block + 30, "MiB beside what is returned"
