"""``python -m omicsbench``."""

from omicsbench.cli import main

main()
