"""Under which licences a method's code and the libraries that it needs stand, as these declare."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import metadata

from omicsbench.records.environment import distributions

LONGEST = 40  # characters of a name of a licence; some packages put the whole text there


def licences(modules: Iterable[str]) -> str:
    """``omicsbench MIT; scikit-learn BSD-3-Clause``: of each distribution that carries a module.

    Of a module that is not installed nobody here knows the licence, which is said.
    """
    found: dict[str, str] = {}
    for name in modules:
        carriers = sorted(set(distributions().get(name, ())))
        found |= {of: _licence(of) for of in carriers} or {name: "(not installed here)"}
    return "; ".join(f"{name} {licence}" for name, licence in found.items())


def _licence(distribution: str) -> str:
    """Its expression or short name or, where there is none, what its classifiers tell."""
    told = metadata(distribution)
    stated = {name: (told.get_all(name) or [""])[0] for name in ("License-Expression", "License")}
    if not _is_name(stated["License"]):
        stated["License"] = ""
    classified = " or ".join(
        name.rpartition(" :: ")[2]
        for name in told.get_all("Classifier") or ()
        if name.startswith("License :: ") and not name.endswith("OSI Approved")
    )
    return next(filter(None, [*stated.values(), classified]), "(licence not stated)")


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST and "\n" not in text and text != "UNKNOWN"
