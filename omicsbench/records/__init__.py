"""What a run is, what is stored of it, where it ran and what it cost."""
