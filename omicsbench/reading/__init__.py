"""A file becomes cells x features: formats, dialects, which way round, what is a feature."""
