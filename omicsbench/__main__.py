"""``python -m omicsbench``."""

from omicsbench.cli.main import main

main()
