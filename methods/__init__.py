"""One file per method. A new file here is a new method: no list to edit.

::

    import numpy as np
    from omicsbench.plugin import method

    @method(name="first_axes", family="simple", summary="The first k features.",
            source="https://example.org")
    class FirstAxes:
        def __init__(self, n_components: int | None = None) -> None:
            self.n_components = n_components

        def fit(self, X):
            return self

        def transform(self, X):
            return np.asarray(X[:, : self.n_components], dtype=np.float32)

``n_components=None`` means "the suite's latent size". Heavy imports go inside functions,
so that listing methods stays instant. ``omicsbench check FILE`` tells whether it is sound.
"""
