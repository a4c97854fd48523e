"""Shared by all tests: a private cache, plug-ins that misbehave, and plug-ins to be tuned."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

Visit = Callable[[Path, int], tuple[Any, list[str]]]  # file, width in pixels: page, problems

# Two test processes with two threads each wait for each other: small fits take up to 100 times as
# long. Read when a library is first imported, so set before any is.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no failure, and a failure should come back when the test is run again.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

BAD_METHODS = '''
import ctypes, time
import numpy as np
from omicsbench.plugin import method

def declare(name, **more):
    return method(name=name, family="simple", summary="Misbehaves.", source="tests", **more)

class Base:
    """First columns of X."""
    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components
    def fit(self, X):
        return self
    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)

@declare("good")
class Good(Base):
    """Behaves."""

@declare("hangs")
class Hangs(Base):
    """Sleeps in native code, holding the interpreter lock."""
    def fit(self, X):
        ctypes.PyDLL(None).sleep(3600)

@declare("hangs_when_large")
class HangsWhenLarge(Base):
    """Hangs from 100 rows on, in the run but not in the warm-up."""
    def fit(self, X):
        if len(X) >= 100:
            ctypes.PyDLL(None).sleep(3600)
        return self

@declare("eats")
class Eats(Base):
    """Allocates without end in native code."""
    def fit(self, X):
        if len(X) < 100:
            return self
        kept = []
        while True:
            kept.append(np.ones(16_000_000, dtype=np.float32))

@declare("segfaults")
class Segfaults(Base):
    """Reads address 0."""
    def fit(self, X):
        if len(X) >= 100:
            ctypes.string_at(0)
        return self

@declare("exits")
class Exits(Base):
    """Ends the process."""
    def fit(self, X):
        import os
        if len(X) >= 100:
            print("about to leave", flush=True)
            os._exit(7)
        return self

@declare("raises")
class Raises(Base):
    """Raises."""
    def fit(self, X):
        raise ValueError("no such luck")

@declare("returns_nan")
class ReturnsNan(Base):
    """Returns NaN."""
    def transform(self, X):
        return np.full((len(X), self.n_components), np.nan, dtype=np.float32)

@declare("wrong_shape")
class WrongShape(Base):
    """Returns too few rows."""
    def transform(self, X):
        return np.zeros((len(X) - 1, self.n_components), dtype=np.float32)

@declare("wrong_dimension")
class WrongDimension(Base):
    """Returns one dimension too many."""
    def transform(self, X):
        return np.zeros((len(X), self.n_components + 1), dtype=np.float32)

@declare("prints")
class Prints(Base):
    """Writes what looks like records to its output."""
    def fit(self, X):
        print('{"event": "record"}', flush=True)
        return self

@declare("never_here", needs=("no_such_module_anywhere",))
class NeverHere(Base):
    """Needs what is not installed."""
'''


TUNABLE_METHODS = '''
import time
import numpy as np
from omicsbench.plugin import Choice, Real, Whole, method

SEEN = []  # of every call in this process: its name, and what it was given

def declare(name, **more):
    return method(name=name, family="simple", summary="For tests.", source="tests", **more)

class Base:
    """PCA whose axes are blurred the more, the further `blur` lies from 0.7."""
    def __init__(self, n_components: int | None = None, blur: float = 0.0, kind: str = "a",
                 random_state: int = 0) -> None:
        self.n_components = n_components
        self.blur = blur
        self.kind = kind
        self.random_state = random_state
    def fit(self, X):
        SEEN.append(("fit", self.blur, np.array(X)))
        self.mean_ = X.mean(axis=0)
        axes = np.linalg.svd(X - self.mean_, full_matrices=False)[2][: self.n_components].T
        noise = np.random.default_rng(self.random_state).normal(size=axes.shape)
        self.axes_ = axes + (self.blur - 0.7) * noise
        return self
    def transform(self, X):
        SEEN.append(("transform", self.blur, np.array(X)))
        return np.asarray((X - self.mean_) @ self.axes_, dtype=np.float32)

@declare("blurred", space={"blur": Real(0.0, 1.0), "kind": Choice(["a", "b"])})
class Blurred(Base):
    """Best at blur 0.7."""

@declare("fixed")
class Fixed(Base):
    """Has nothing to tune."""

@declare("moody", space={"kind": Choice(["a", "b", "c"])})
class Moody(Base):
    """Works with one of three kinds only, and that is not the default."""
    def fit(self, X):
        if self.kind != "c":
            raise ValueError(f"kind {self.kind} is no good")
        return super().fit(X)

@declare("hopeless", space={"blur": Real(0.0, 1.0)})
class Hopeless(Base):
    """Never works."""
    def fit(self, X):
        raise ValueError("no such luck")

@declare("sleepy", space={"blur": Real(0.0, 1.0)})
class Sleepy(Base):
    """Takes 0.6 seconds for a fit of 50 rows or more."""
    def fit(self, X):
        time.sleep(0.6 if len(X) >= 50 else 0.0)
        return super().fit(X)
'''


@pytest.fixture(scope="session", autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Prepared data of the tests never meets the user's."""
    os.environ["OMICSBENCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def bad_plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plug-in folder of methods that hang, crash, allocate, and one that is good."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "bad.py").write_text(BAD_METHODS)
    return folder


@pytest.fixture(scope="session")
def tunable_plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plug-in folder of cheap methods with something to tune, and one without."""
    folder = tmp_path_factory.mktemp("tunable")
    (folder / "tunable.py").write_text(TUNABLE_METHODS)
    return folder


@pytest.fixture(scope="session")
def write_10x() -> Callable[..., Path]:
    """Writes a 10x file of any size, a block of cells at a time: three groups of cells."""
    import h5py
    import numpy as np
    from scipy import sparse

    def write(
        path: Path,
        cells: int,
        genes: int,
        version: int = 2,
        types: Sequence[str] = (),
        block: int = 50_000,
        seed: int = 0,
    ) -> Path:
        """Cell i is of group i % 3, its barcode is i in 16 digits with "-1".

        ``types`` are the kinds of features of version 3, by default gene expression; in version 2
        the last gene has the name of the first.
        """
        rng = np.random.default_rng(seed)
        rates = rng.gamma(0.5, 1.0, (3, genes))
        names = np.array([f"gene{j}" for j in range(genes)], dtype="S20")
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            group = file.create_group("matrix" if version == 3 else "mm10")
            ids = np.array([f"ENSMUSG{j}" for j in range(genes)], dtype="S20")
            if version == 3:
                group["features/id"], group["features/name"] = ids, names
                kinds = types or ["Gene Expression"] * genes
                group["features/feature_type"] = np.array(kinds, dtype="S20")
            else:
                names[-1] = names[0]
                group["genes"], group["gene_names"] = ids, names
            group["shape"] = np.array([genes, cells], dtype=np.int32)
            barcodes = group.create_dataset("barcodes", (cells,), "S18")
            data, indices = (
                group.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(1 << 16,))
                for name, kind in (("data", np.int32), ("indices", np.int64))
            )
            pointers = [np.zeros(1, dtype=np.int64)]
            for start in range(0, cells, block):
                numbers = np.arange(start, min(start + block, cells))
                counts = sparse.csr_matrix(rng.poisson(rates[numbers % 3]))
                stored = len(data)
                for part, values in ((data, counts.data), (indices, counts.indices)):
                    part.resize((stored + counts.nnz,))
                    part[stored:] = values
                pointers.append(stored + counts.indptr[1:].astype(np.int64))
                barcodes[numbers[0] : numbers[-1] + 1] = [b"%016d-1" % i for i in numbers]
            group["indptr"] = np.concatenate(pointers)
        return path

    return write


@pytest.fixture
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real command line in a process of its own."""

    def call(*args: object, **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "omicsbench", *map(str, args)],
            capture_output=True,
            text=True,
            check=False,
            **({"timeout": 240} | more),
        )

    return call


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    with playwright.sync_playwright() as running:
        own = running.chromium.executable_path
        found = next(filter(None, map(shutil.which, [*names, own])), None)
        if not found:
            pytest.skip(f"no browser: none of {', '.join(names)} on PATH, none of playwright's own")
        started = running.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    """Opens a page at a width without a network: the page, and everything that goes wrong."""
    opened = []

    def visit(path: Path, width: int) -> tuple[Any, list[str]]:
        page = browser.new_page(viewport={"width": width, "height": 900})
        opened.append(page)
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))

        def block(route: Any) -> None:
            url = route.request.url
            if url == path.as_uri() or url.startswith("data:"):
                route.continue_()
            else:
                wrong.append(f"requested {url}")
                route.abort()

        page.route("**/*", block)
        page.goto(path.as_uri())
        return page, wrong

    yield visit
    for page in opened:
        page.close()


@pytest.fixture
def open_report(visit: Visit) -> Visit:
    """As `visit`, with all charts of a report drawn that are not hidden."""

    def open_report(path: Path, width: int) -> tuple[Any, list[str]]:
        page, wrong = visit(path, width)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function(
            "document.querySelectorAll('.chart:not([hidden])').length"
            " === document.querySelectorAll('[data-drawn] svg').length"
        )
        return page, wrong

    return open_report


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Torch has one thread in every test, whatever a library of an earlier one has set."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
