"""One file per data set. A new file here is a new data set: no list to edit.

::

    from omicsbench.plugin import dataset

    @dataset(name="mine", summary="What was measured, on what.", source="https://doi.org/...",
             licence="CC BY 4.0", values="counts", label="cell_type", provenance="author")
    def load(n: int = 1000):
        import anndata
        return anndata.read_h5ad(...)[:n]

The function returns an AnnData: cells x features in X, unique names, labels in obs.
Heavy imports go inside the function, so that listing data sets stays instant.
"""
