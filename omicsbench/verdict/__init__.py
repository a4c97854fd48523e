"""Is deep learning ahead, from which n on, and at what cost: said from stored records alone."""
