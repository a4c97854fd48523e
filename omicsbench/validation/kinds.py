"""What each kind of values may be, and how cells of it are held."""

from __future__ import annotations

from omicsbench.plugin import Values

# Values of which a cell without any is no cell.
DROPS_EMPTY = ("counts", "fractional", "normalized", "log", "log2", "log10", "composition")
DENSE = ("proteins", "composition")  # dense once they are normalised, so kept so from the start
SIGNED = ("continuous", "cytometry")  # may be negative
WHOLE = ("counts", "proteins", "binary", "genotypes", "mutations")
HIGHEST: dict[Values, int] = {"binary": 1, "rates": 1, "mutations": 1, "genotypes": 2}
