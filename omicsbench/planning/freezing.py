"""Fix a suite and its analysis before anything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omicsbench.planning.contestants import contestants
from omicsbench.planning.suite import Suite, dump
from omicsbench.records.frozen import FrozenProtocol, write_frozen
from omicsbench.registry.discover import Registry


def freeze(
    suite: Suite, registry: Registry, rules: Mapping[str, Any], folder: Path
) -> FrozenProtocol:
    """Write frozen.json into the results ``folder``, which is made if it is not there.

    ``rules`` are those by which the runs will be judged. Raises StoreError where a protocol was
    frozen before, RegistryError for a suite that cannot run.
    """
    chosen = contestants(suite, registry)
    return write_frozen(
        folder,
        FrozenProtocol(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            suite=json.loads(dump(suite)),
            pipelines={one.pipeline.text: one.pipeline.code_id for one in chosen},
            rules=dict(rules),
        ),
    )
