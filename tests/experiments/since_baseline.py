"""What changed since a stored run of pytest-benchmark, in words for a terminal."""

from __future__ import annotations

from typing import Any


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Change of each median in per cent, largest first; what is new or gone is said as well.

    Both are what pytest-benchmark stores, with the machines as ``conftest.py`` describes them.
    """
    old, new = (
        {one["name"]: one["stats"]["median"] for one in run["benchmarks"]} for run in (before, now)
    )
    shift = {name: 100 * (new[name] / old[name] - 1) for name in old.keys() & new.keys()}
    lines = [
        f"{shift[name]:+8.1f} %  {1e3 * old[name]:12.4f} -> {1e3 * new[name]:12.4f} ms  {name}"
        for name in sorted(shift, key=lambda name: -shift[name])
    ]
    lines += [f"       new  {name}" for name in sorted(new.keys() - old.keys())]
    lines += [f"  not run  {name}" for name in sorted(old.keys() - new.keys())]
    if before["machine_info"] != now["machine_info"]:
        lines.append("The baseline is of another machine or Python: its times are not comparable.")
    return lines
