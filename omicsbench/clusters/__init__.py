"""Where runs are done besides this machine: Dask, SLURM."""
