"""Advice says what the evidence holds, and nothing where it holds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from command import inside
from omicsbench.advice.advise import Advice, Question, advise
from omicsbench.advice.evidence import AtSize, Case, Evidence, Showing

FINDING: dict[str, Any] = {
    "metric": "m",
    "title": "a metric",
    "purpose": "keep neighbours",
    "standing": "open",
    "n_star": None,
    "low": None,
    "high": None,
    "smallest": 50,
    "largest": 1000,
    "difference": None,
    "margin": 0.01,
    "q": None,
    "needed": None,
    "deep": "net",
}
CASE: dict[str, Any] = {
    "suite": "s",
    "dataset": "d",
    "kind": "real omics",
    "values": "counts",
    "provenance": "author",
    "new_units": False,
    "n_cells": 2000,
    "n_features": 300,
    "task": "embed",
    "device": "cpu",
    "output_dim": 10,
    "tuning": "",
    "repeats": 10,
    "families": {"net": "deep", "pca": "simple"},
}


def case(*findings: dict[str, Any], **changes: Any) -> Case:
    sizes = tuple(
        AtSize(n=n, use={"keep neighbours": "pca"}, seconds={"pca": 0.01, "net": 0.01 * n})
        for n in (50, 1000)
    )
    found = tuple(Showing(**(FINDING | f)) for f in findings or ({},))
    return Case(**(CASE | {"sizes": sizes, "findings": found} | changes))


def ask(*cases: Case, n: int = 184, values: str | None = "counts", task: str = "embed") -> Advice:
    return advise(Evidence(sources={}, cases=cases), Question(n, task, values))


def test_it_names_the_cheapest_unbeaten_and_its_data() -> None:
    found = ask(case())
    text = "\n".join(found.sentences)
    assert found.known
    assert "nothing was shown to beat is pca on d (n = 50)" in text, "the size below one's own"
    assert "open in 1 of 1" in text
    assert "Nowhere there is it shown" in text
    assert "50 times" in text
    assert "Fewer than 3 data sets" in text


@pytest.mark.parametrize(("n", "said"), [(60, "not yet at your n"), (700, "worth trying.")])
def test_deep_is_worth_trying_from_n_star(n: int, said: str) -> None:
    ahead = {"standing": "ahead", "n_star": 500, "low": 100, "high": 1000, "q": 0.01}
    text = "\n".join(ask(case(ahead), n=n).sentences)
    assert "net is ahead from n = 500 (95 % interval 100 to 1,000)" in text
    assert said in text
    assert "Nowhere there" not in text


def test_a_claim_that_chance_explains_is_none() -> None:
    ahead = {"standing": "ahead", "n_star": 500, "low": 100, "high": 1000, "q": 0.3}
    assert "Nowhere there" in "\n".join(ask(case(ahead), n=700).sentences)


def test_beyond_what_was_tried_it_says_so() -> None:
    assert "Nothing was tried beyond n = 1,000" in "\n".join(ask(case(), n=5000).sentences)
    below = ask(case(), n=20)
    assert not below.known
    assert "smallest size tried on such data is 50" in below.sentences[0]


@pytest.mark.parametrize(
    "asked", [{"values": "genotypes"}, {"task": "predict", "values": None}, {"task": "regress"}]
)
def test_no_evidence_is_said_to_be_none(asked: dict[str, Any]) -> None:
    found = ask(case(), **asked)
    assert not found.known
    assert "holds no comparison" in found.sentences[0]
    assert not any("cheapest" in said for said in found.sentences)


def test_simulated_data_are_no_evidence() -> None:
    assert not ask(case(kind="simulated")).known
    text = "\n".join(ask(case(), case(kind="simulated", dataset="made")).sentences)
    assert "no evidence on omics data: made" in text
    assert "pca on d (n = 50)." in text


def test_data_sets_that_disagree_are_named_each() -> None:
    sizes = (AtSize(n=50, use={"keep neighbours": "nmf"}, seconds={"nmf": 1.0, "net": 2.0}),)
    other = case(dataset="e", sizes=sizes, families={"nmf": "simple", "net": "deep"})
    assert "pca on d (n = 50); nmf on e (n = 50)" in "\n".join(ask(case(), other).sentences)


def test_tuned_and_other_dimensions_are_told_apart() -> None:
    text = "\n".join(ask(case(), case(tuning="tuned", dataset="e"), case(output_dim=2)).sentences)
    for where in ("(10-D; at defaults)", "(10-D; tuned)", "(2-D; at defaults)"):
        assert where in text


def test_the_command_answers_from_the_evidence_of_the_package(tmp_path: Path) -> None:
    done = inside("advise", "--n", 300, "--kind", "counts")
    assert done.returncode == 0, done.stderr
    assert "Embedding, n = 300 of counts data" in done.stdout
    (tmp_path / "my.csv").write_text(
        "gene_a,gene_b,gene_c,type\n"
        + "".join(f"{1 + i % 7},{i % 5},{(3 * i) % 11},{'ab'[i % 2]}\n" for i in range(60))
    )
    done = inside("advise", tmp_path / "my.csv", "--label", "type", "--values", "counts")
    assert done.returncode == 0, done.stderr
    assert "n = 60 of counts data" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name your file"),
        (["my.h5ad", "--n", 20], "Name your file"),
        (["--n", 20, "--kind", "colours"], "--kind 'colours' is none of"),
        (["--n", 20, "--measure"], "name a file"),
        (["--n", 20, "--values", "counts"], "--values is of a file"),
        (["--n", 20, "--transpose"], "--transpose is of a file"),
        (["my.csv", "--purpose", "batch", "--measure"], "needs --batch"),
        (["no.csv"], "no.csv"),
    ],
)
def test_errors_are_one_sentence(words: list[object], said: str) -> None:
    done = inside("advise", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
