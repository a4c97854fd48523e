"""Objects under an address such as ``s3://bucket/prefix``: put whole or not at all, and fetched.

What each kind of address promises, and what is relied on here: docs/remote.md. Credentials,
regions and other endpoints are taken from where each provider's own tools take them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omicsbench.errors import StoreError
from omicsbench.records import disk

# By kind of address: what is asked of its file system. Nobody waits for minutes for a network.
_WAITS = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}}
KINDS: dict[str, dict[str, Any]] = {
    "file": {},
    "memory": {},  # of this process alone, for tests
    "s3": {"config_kwargs": _WAITS, "use_listings_cache": False},
    "gs": {"use_listings_cache": False},
}
READ_AT_ONCE = 16
PRECONDITION_FAILED, CONFLICT = 412, 409  # of HTTP: there is such an object; one is being put
_NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError"}


class AddressError(StoreError):
    """An address that cannot be used, read or written now."""


class Address:
    """Where objects lie; names of objects are relative to it. All methods raise AddressError."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip("/")
        kind, _, rest = self._text.partition("://")
        if kind not in KINDS or not rest:
            raise AddressError(
                f"{text} is no address; write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or "
                "file:///FOLDER."
            )
        with self._explained():
            import fsspec

            self._system = fsspec.filesystem(kind, **KINDS[kind])
            self._root: str = self._system._strip_protocol(self._text)
        self._on_disk = kind == "file"

    def __str__(self) -> str:
        return self._text

    def names(self, folder: str) -> set[str]:
        """Names of the objects right in a folder, with the folder's; none where there is none."""
        with self._explained():
            try:
                found = self._system.ls(self._path(folder), detail=False)
            except FileNotFoundError:
                return set()
        names = (path.rstrip("/").rpartition("/")[2] for path in found)
        return {f"{folder}/{name}".lstrip("/") for name in names if name and name[0] != "."}

    def read(self, names: Collection[str]) -> dict[str, bytes]:
        """The content of each of these objects."""
        if not names:
            return {}
        # One by one: asked for many at once, fsspec takes [, * and ? of a name for a pattern.
        with self._explained(), ThreadPoolExecutor(READ_AT_ONCE) as pool:
            return dict(zip(names, pool.map(self._content, names), strict=True))

    def create(self, name: str, content: bytes) -> bool:
        """Put an object where there is none yet; False where there is one, which stays."""
        with self._explained():
            if self._on_disk:
                return disk.create(Path(self._path(name)), content)
            try:
                return self._created(name, content)
            except OSError as error:
                if _http_status(error) != CONFLICT:
                    raise
            return self._created(name, content)

    def replace(self, name: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        with self._explained():
            if not self._on_disk:
                self._system.pipe_file(self._path(name), content)
                return
            with disk.whole(Path(self._path(name))) as temporary:
                temporary.write_bytes(content)

    def upload(self, path: Path, name: str) -> None:
        """Put a file of any size; on disk it may be seen half-written."""
        with self._explained():
            self._system.makedirs(self._path(name).rpartition("/")[0], exist_ok=True)
            self._system.put_file(str(path), self._path(name))

    def download(self, name: str, path: Path) -> None:
        """Fetch an object of any size into a file."""
        with self._explained():
            self._system.get_file(self._path(name), str(path))

    def remove(self, name: str) -> None:
        """Take an object away."""
        with self._explained():
            self._system.rm_file(self._path(name))

    def _content(self, name: str) -> bytes:
        content: bytes = self._system.cat_file(self._path(name))
        return content

    def _created(self, name: str, content: bytes) -> bool:
        try:
            self._system.pipe_file(self._path(name), content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:  # of servers that do not say which condition failed
            if _http_status(error) != PRECONDITION_FAILED:
                raise
            return False
        return True

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Whatever a provider's library raises, in one sentence."""
        try:
            yield
        except StoreError as error:  # of a disk
            raise AddressError(str(error)) from error
        except ImportError as error:
            raise AddressError(
                f"{self._text} needs a library that is not installed: "
                "pip install 'omicsbench[remote]'."
            ) from error
        except Exception as error:
            raise AddressError(f"Cannot use {self._text}: {_reason(error)}.") from error


def _http_status(error: OSError) -> int | None:
    """What a server answered, where a provider's library has made another error of it."""
    response = getattr(error.__cause__, "response", None) or {}
    status: int | None = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def _reason(error: Exception) -> str:
    """What went wrong and what to do, of errors that differ from library to library."""
    names = {kind.__name__ for kind in type(error).__mro__}
    said = " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
    if names & _NO_CREDENTIALS:
        return "no credentials were found; set them as for the provider's own tools"
    if isinstance(error, PermissionError):
        return f"permission denied ({said}); check the credentials and what they may do there"
    if isinstance(error, FileNotFoundError):
        return f"there is no such bucket or object ({said}); make the bucket first"
    return f"{said}; check the address and the network"
