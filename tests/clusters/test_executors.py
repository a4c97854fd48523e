"""Executors by name, and the profile of a cluster: what is wrong is said in a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from command import inside
from omicsbench.clusters.executors import opened
from omicsbench.clusters.profile import Slurm, read_profile
from omicsbench.errors import OmicsbenchError
from omicsbench.records import store
from omicsbench.records.planned import write_plan


def test_this_machine_needs_none_and_an_executor_is_left_open() -> None:
    for name in (None, "local"):
        with opened(name) as executor:
            assert executor is None
    with ThreadPoolExecutor(1) as pool:
        with opened(pool) as executor:
            assert executor is pool
        assert pool.submit(int, "3").result() == 3


@pytest.mark.parametrize("name", ["dask", "tcp://here:1", "sge", "", 5])
def test_what_runs_nothing_is_refused(name: str) -> None:
    with pytest.raises(OmicsbenchError, match="write local, slurm, or dask://HOST:PORT"):
        opened(name)


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    pytest.importorskip("distributed")
    with (
        pytest.raises(OmicsbenchError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        opened("dask://127.0.0.1:9"),
    ):
        pass


def test_without_sbatch_slurm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OmicsbenchError, match="needs the command sbatch"):
        opened("slurm")


WRONG = {
    "[slurm]\npartitoin = 'x'": "did you mean partition",
    "[slurm]\nminutes = 0": "slurm.minutes: ",
    "[slurm]\nsetup = 'x'": "slurm.setup: ",
    "[sge]": "sge",
    "[slurm.sbatch]\ncpus-per-task = 3": "cpus-per-task is what omicsbench sets",
    "[slurm": "is not valid TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_profile_is_told_in_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(text)
    with pytest.raises(OmicsbenchError, match=WRONG[text]) as told:
        read_profile(path)
    assert str(told.value).count("\n") == 0
    with pytest.raises(OmicsbenchError, match="There is no profile"):
        read_profile(tmp_path / "none.toml")


def test_the_command_refuses_before_anything_is_made(tmp_path: Path) -> None:
    done = inside("run", "quick", "--executor", "sge", "--out", "there", cwd=tmp_path)
    assert done.returncode == 2
    assert "Executor 'sge' runs nothing" in done.stderr
    assert not list((tmp_path / "there").glob("runs/*"))


def test_a_profile_for_this_machine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[slurm]\n")
    with pytest.raises(OmicsbenchError, match="give both"):
        opened("local", tmp_path / "p.toml")


def test_options_of_sbatch_go_through_by_their_names() -> None:
    told = Slurm(sbatch={"nice": 100, "requeue": False, "exclusive": True, "mail-type": "END"})
    assert told.further == {"nice": 100, "exclusive": True, "mail_type": "END"}


def test_auto_is_no_device_of_nodes(tmp_path: Path) -> None:
    done = inside("run", "quick", "--executor", "slurm", "--device", "auto", cwd=tmp_path)
    assert done.returncode == 2
    assert "name that of the nodes" in done.stderr


def test_a_folder_without_a_record_yet_is_collected(tmp_path: Path) -> None:
    store.open_folder(tmp_path / "o")
    write_plan(tmp_path / "o", '{"name": "quick"}', ["a", "b"], "omicsbench run quick")
    done = inside("run", "quick", "--collect", "--out", "o", cwd=tmp_path)
    assert done.returncode == 0
    assert "all 2 are still to come" in done.stdout
