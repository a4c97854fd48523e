"""The site of made-up result sets: what it ranks, whom it trusts, where its links lead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command import inside
from omicsbench.records.spec import RunRecord
from result_sets import DATASETS, STRENGTH, made, runs

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the project's set, one that nobody has run again, and one whose check fails."""
    home = tmp_path_factory.mktemp("results")
    made(home / "ours", runs(STRENGTH))
    made(home / "submitted" / "theirs", runs({"count_vae(10)": 0.7}), author=HOSTILE)
    made(home / "submitted" / "broken", runs({"ica(10)": 1.0}), author="B", problem="scores of 7")
    made(home / "machine", runs({"nmf(10)": 1.0})).joinpath("noise.json").write_text("{}")
    (home / "answer.md").write_text(
        "# The answer\n\nSee [verdict](verdict.md), <b>not</b> ![a picture](x.png).\n\n"
        "| n | who |\n|---|---|\n| 20 | pca |\n"
    )
    out = home.with_name("site")
    words = [
        "site",
        home,
        "-o",
        out,
        "--answer",
        home / "answer.md",
        "--link",
        "Nights=nights.html",
    ]
    done = inside(*words)
    assert done.returncode == 0, done.stderr
    assert "1 project, 1 failed, 1 unverified" in done.stdout
    assert "broken is left out: every run is sound: scores of 7" in done.stdout
    return out


def rows(site: Path, page: str = "task-embed.html") -> list[list[str]]:
    """The first leaderboard of a page, cells as text."""
    text = (site / page).read_text(encoding="utf-8")
    table = re.findall(r'<table class="board">.*?</table>', text, re.DOTALL)[0]
    found = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.split(r"</t[dh]>", row)]
        for row in found
    ]


def test_contestants_are_ranked_and_groups_share_a_rank(site: Path) -> None:
    found = rows(site)
    assert [row[1].split()[0] for row in found] == [
        "pca(10)",
        "autoencoder(10,",
        "count_vae(10)",
        "random_projection(10)",
    ]
    # Seven data sets tell no two of four apart: it takes more, and all share the first rank.
    assert {row[0] for row in found} == {"1"}
    assert "it takes 8" in (site / "task-embed.html").read_text(encoding="utf-8")
    assert found[0][4].startswith("100")
    assert found[-1][4].startswith("0")


def test_ranks_are_told_apart_where_data_sets_are_many(tmp_path: Path) -> None:
    made(tmp_path / "set", runs(STRENGTH | {"ica(10)": 0.9}, datasets=12))
    assert inside("site", tmp_path / "set", "-o", tmp_path / "out").returncode == 0
    found = rows(tmp_path / "out")
    assert [row[0] for row in found] == ["1", "1", "3", "4"]
    assert found[0][5] == found[1][5] == "a"


def test_groups_that_overlap_share_a_rank_and_letters_tell_the_rest(tmp_path: Path) -> None:
    """The first is told apart from the last, and nobody from the one between."""

    def swinging(r: RunRecord) -> RunRecord:
        if r.spec.pipeline != "ica(10)":
            return r
        score = 0.95 if int(r.spec.dataset_id) % 2 else 0.45
        return r.model_copy(update={"scores": dict.fromkeys(r.scores, score)})

    strength = {"pca(10)": 0.9, "ica(10)": 0.7, "nmf(10)": 0.5}
    made(tmp_path / "set", [swinging(r) for r in runs(strength, datasets=12)])
    assert inside("site", tmp_path / "set", "-o", tmp_path / "out").returncode == 0
    found = rows(tmp_path / "out")
    assert [(row[0], row[1].strip(), row[5]) for row in found] == [
        ("1", "pca(10)", "a"),
        ("1", "ica(10)", "ab"),
        ("1", "nmf(10)", "b"),
    ]
    front = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Nobody is shown to be ahead of 2 of 3 contestants" in front


def test_those_who_are_not_verified_are_marked_and_those_who_fail_left_out(site: Path) -> None:
    assert [row[1].split()[-1] for row in rows(site)].count("unverified") == 1
    pages = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    assert not any("ica(10)" in text for text in pages.values())
    assert not any("nmf(10)" in text for text in pages.values()), "a baseline is no result set"
    assert "scores of 7" in pages["sets.html"]
    assert "unverified" in pages["method-count_vae.html"]


def sections(site: Path, page: str) -> dict[str, str]:
    """What stands under each heading of the second level."""
    text = (site / page).read_text(encoding="utf-8")
    parts = re.split(r"<h2>(.*?)</h2>", text, flags=re.DOTALL)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_all_that_unverified_runs_take_part_in_bears_the_mark(site: Path) -> None:
    badge = '<span class="badge unverified"'
    theirs = sections(site, "method-count_vae.html")
    told = [text for name, text in theirs.items() if name in ("Where it did well", "Elsewhere")]
    assert sum(text.count("<tr") - 1 for text in told if "<tr" in text) == sum(
        text.count(badge) for text in told
    )
    for name in ("Where it did well", "Elsewhere"):
        assert badge not in sections(site, "method-pca.html").get(name, "")
    for page in ("dataset-data0.html", "metric-knn_transfer_balanced_accuracy.html"):
        said = sections(site, page)["Deep against simple"].partition("</ul>")[0]
        assert said.count("<li>") == said.count(badge) > 0
    said = sections(site, "task-embed.html")["Deep against simple"]
    assert said.count("<li>") == said.count(badge) == DATASETS
    assert f"In {DATASETS} of these comparisons contestants run that are not verified" in said


def test_what_the_project_ran_alone_bears_no_mark(tmp_path: Path) -> None:
    made(tmp_path / "ours", runs(STRENGTH, datasets=3))
    made(tmp_path / "theirs", runs({"nmf(10)": 0.7}, datasets=1), author="A")
    done = inside("site", tmp_path / "ours", tmp_path / "theirs", "-o", tmp_path / "out")
    assert done.returncode == 0
    for page, marked in (("dataset-data0.html", 1), ("dataset-data1.html", 0)):
        said = sections(tmp_path / "out", page)["Deep against simple"]
        assert said.count("<li>") == 1
        assert said.partition("</ul>")[0].count("badge") == marked


def test_what_was_changed_after_its_checks_fails(tmp_path: Path) -> None:
    folder = made(tmp_path / "set", runs(STRENGTH), author="A")
    file = folder / "records.jsonl"
    file.write_text(file.read_text().replace("random_projection", "random_projectioN"))
    made(tmp_path / "ours", runs({"pca(10)": 0.5}))
    done = inside("site", folder, tmp_path / "ours", "-o", tmp_path / "out")
    assert "1 failed" in done.stdout


def test_every_link_leads_to_a_page(site: Path) -> None:
    names = {path.name for path in site.glob("*.html")} | {"nights.html"}
    assert {"index.html", "sets.html", "answer.html", "task-embed.html"} <= names
    for path in site.glob("*.html"):
        for target in re.findall(r'href="([^"]+)"', path.read_text(encoding="utf-8")):
            assert target in names or target.startswith("https://"), (path.name, target)


def test_pages_tell_what_is_known_of_their_subject(site: Path) -> None:
    method = (site / "method-pca.html").read_text(encoding="utf-8")
    for said in ("https://doi.org/", "solver=", "Where it did well", "data0"):
        assert said in method
    assert "<dt>Licence</dt><dd>omicsbench MIT; scikit-learn BSD-3-Clause</dd>" in method
    dataset = (site / "dataset-data0.html").read_text(encoding="utf-8")
    for said in ("https://example.org", "autoencoder(10, depth=2)", "Deep against simple"):
        assert said in dataset
    metric = (site / "metric-knn_transfer_balanced_accuracy.html").read_text(encoding="utf-8")
    assert "larger" in metric
    assert "data3" in metric


def test_names_from_records_are_text(site: Path) -> None:
    text = (site / "sets.html").read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert "&lt;img src=x" in text


def test_the_answer_is_rendered(site: Path) -> None:
    text = (site / "answer.html").read_text(encoding="utf-8")
    assert "<h1>The answer</h1>" in text
    assert "<td>pca</td>" in text
    assert "/verdict.md" in text
    assert "<b>not</b>" not in text, "HTML of a document is no HTML of the page"
    assert "<img" not in text


def test_a_newer_version_of_others_does_not_take_the_place_of_the_projects(tmp_path: Path) -> None:
    made(tmp_path / "ours", runs(STRENGTH))
    newer = [
        r.model_copy(update={"spec": r.spec.model_copy(update={"dataset_id": "other"})})
        for r in runs({"pca(10)": 0.1}, started_at="2026-06-01T00:00:00")
    ]
    newer = [r.model_copy(update={"key": r.spec.key}) for r in newer]
    made(tmp_path / "theirs", newer, author="A")
    done = inside("site", tmp_path / "ours", tmp_path / "theirs", "-o", tmp_path / "out")
    assert done.returncode == 0
    text = (tmp_path / "out" / "task-embed.html").read_text(encoding="utf-8")
    assert "theirs: another version of the data set data0 (5 runs)" in text
    assert rows(tmp_path / "out")[0][1].startswith("pca(10)")


def test_few_data_sets_and_none_make_pages_too(tmp_path: Path) -> None:
    made(tmp_path / "set", runs({"pca(10)": 0.9}, datasets=1))
    assert inside("site", tmp_path / "set", "-o", tmp_path / "out").returncode == 0
    text = (tmp_path / "out" / "task-embed.html").read_text(encoding="utf-8")
    assert "No leaderboard" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "-o", "out"], "holds no run records"),
        ([".", "-o", "out", "--answer", "no.md"], "There is no file no.md"),
        ([".", "-o", "out", "--link", "x"], "write TEXT=ADDRESS"),
    ],
)
def test_errors_are_one_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    done = inside("site", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
