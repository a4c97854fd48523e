"""Shards: the parts of a suite that job arrays do, each without knowing of the others."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omicsbench.errors import RegistryError


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``of``, counted from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """For instance ``3/16``. Raises RegistryError for anything else."""
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        number, of = (int(part) for part in found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            raise RegistryError(
                f"--shard {text} is no part of a whole; write i/N with i from 1 to N, such as 3/16."
            )
        return cls(number, of)

    def holds(self, key: str) -> bool:
        """Whether the run of this key is in it: keys are hashes, so every shard gets its share."""
        return int(key, 16) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}of{self.of}"
