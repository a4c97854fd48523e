"""A real S3 server on this machine, by moto, with one empty bucket."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass
class Bucket:
    """Its address, and how to end the server."""

    address: str
    stop: Callable[[], None]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An S3 server of one test."""
    with s3_server(monkeypatch) as made:
        yield made


@contextmanager
def s3_server(environment: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Start a server on a free port; the variables of the environment lead to it."""
    import fsspec
    from moto.moto_api._internal import moto_api_backend
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        environment.setenv(name, value)
    moto_api_backend.reset()
    S3FileSystem.clear_instance_cache()  # it knows the server of an earlier test
    fsspec.filesystem("s3").mkdir("lab")
    try:
        yield Bucket("s3://lab/results", server.stop)
    finally:
        S3FileSystem.clear_instance_cache()
        server.stop()
