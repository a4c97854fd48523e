"""Benchmarks for asv: ``make asv``, ``make asv-compare``; docs/benchmarks.md says how to read them.

asv imports this folder by itself and runs it against older revisions of the package too. So it
uses nothing but what is stable (the contracts of methods and metrics, ``omicsbench.run``, suites,
the registry, the store), and what a revision does not have raises NotImplementedError: n/a.
"""

import os

# Two threads of small fits wait for each other while anything else keeps a core busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
