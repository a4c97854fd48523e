"""What a living process holds on disk: results folders claimed, temporary folders of its own."""
