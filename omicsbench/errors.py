"""Errors that are the user's to mend: one sentence, what is wrong and what to do."""

CANNOT_STORE = 74  # exit code of a worker that cannot write results (EX_IOERR)


class OmicsbenchError(Exception):
    """Bad input. The CLI prints the sentence and exits with code 2, without a traceback."""


class DataError(OmicsbenchError):
    """A data file or data set that cannot be used as it is."""


class RegistryError(OmicsbenchError):
    """An unknown, duplicate or broken method, data set, metric or suite."""


class StoreError(OmicsbenchError):
    """A results folder that cannot be read or written."""
