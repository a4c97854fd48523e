"""Processes that the harness starts: asked, held to their limits, ended with all they started."""
