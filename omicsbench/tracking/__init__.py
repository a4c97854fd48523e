"""What became worse from one revision to the next, told from stored records."""
