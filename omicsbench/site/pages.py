"""Write the site: an index, a page of each task, method, data set and metric, and of the sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from omicsbench.metrics import METRICS
from omicsbench.metrics.known import known
from omicsbench.records.store import write_text
from omicsbench.records.submission import Trust
from omicsbench.registry.discover import Registry
from omicsbench.reporting.matrix import REAL, TASKS, counts, data_kinds, headline
from omicsbench.reporting.template import environment, script_json
from omicsbench.site import facts
from omicsbench.site.boards import Board, Placing, boards, found_fields, judged, scores
from omicsbench.site.markdown import rendered
from omicsbench.site.pooled import Pool, SiteSet, pools, read_sets
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Verdict

TRUST = {
    "project": "the project's own runs",
    "verified": "run again in part by others, with the same scores",
    "unverified": "checked, and run by its author alone",
    "failed": "a check does not hold; no board counts it",
}


@dataclass(frozen=True)
class Site:
    """What was written."""

    index: Path
    pages: int
    sets: Sequence[SiteSet]


@dataclass(frozen=True)
class TaskView:
    """A task: its leaderboards, what could not be ranked, and what was left out."""

    task: str
    title: str
    url: str
    pool: Pool
    boards: list[Board]
    scores: list[Placing]
    judged: list[tuple[Verdict, Trust]]
    datasets: list[str]

    @property
    def verdicts(self) -> list[Verdict]:
        return [v for v, _ in self.judged]


def write_site(
    folders: Sequence[Path],
    out: Path,
    registry: Registry,
    answer: Path | None = None,
    links: Mapping[str, str] | None = None,
) -> Site:
    """Build the site of some result sets, or of folders that hold such, into a folder.

    ``answer`` is a Markdown file that becomes the page "Answer"; ``links`` are addresses by what
    they are called, put beside the pages. Raises StoreError for folders that do not exist or of
    which none holds results, or a site that cannot be written.
    """
    sets = read_sets(folders)
    tasks = [_task(pool) for pool in pools(sets)]
    records = [r for one in sets if one.shown for r in one.records]
    subjects = [
        *facts.known_methods(registry, records),
        *facts.known_datasets(registry, records),
        *facts.known_metrics((METRICS | known(records)).values()),
    ]
    urls = {(of.kind, of.name): of.url for of in subjects}
    shared: dict[str, Any] = {
        "tasks": tasks,
        "sets": sets,
        "urls": urls,
        "trusts": TRUST,
        "has_answer": answer is not None,
        "links": links or {},
        "style": _own("site.css"),
    }
    templates = _templates()
    search = {"search": _own("search.js"), "data": _index(subjects, tasks)}
    every: dict[str, tuple[str, dict[str, Any]]] = {
        "index.html": ("index.html", search),
        "sets.html": ("sets.html", {}),
    }
    every |= {view.url: ("task.html", {"view": view}) for view in tasks}
    every |= {of.url: ("subject.html", {"of": of} | _of_subject(of, tasks)) for of in subjects}
    if answer:
        every["answer.html"] = ("answer.html", {"text": rendered(answer, answer.parent.name)})
    for name, (template, own) in every.items():
        write_text(out / name, templates.get_template(template).render(page=name, **shared, **own))
    write_text(out / ".nojekyll", "")
    return Site(out / "index.html", len(every), sets)


def _task(pool: Pool) -> TaskView:
    found = found_fields(pool)
    kind_of = data_kinds(pool.records)
    names = sorted(kind_of, key=lambda name: (kind_of[name] != REAL, name))
    return TaskView(
        pool.task,
        TASKS[pool.task],
        f"task-{pool.task}.html",
        pool,
        boards(pool, found),
        scores(pool, found),
        judged(pool, found, headline(verdicts(pool.records))),
        names,
    )


def _of_subject(of: facts.Card, tasks: Sequence[TaskView]) -> dict[str, Any]:
    """The scores, leaderboards and verdicts that a page tells of its subject."""
    every = [score for view in tasks for score in view.scores]
    if of.kind == "method":
        own = [s for s in every if of.name in facts.methods_of(s.pipeline)]
        ranked = [
            (view, board, row)
            for view in tasks
            for board in view.boards
            for row in board.rows
            if of.name in facts.methods_of(row.pipeline)
        ]
        return {"scores": own, "ranked": ranked, "judged": []}
    by_data = of.kind == "dataset"
    told = [
        (v, trust)
        for view in tasks
        for v, trust in view.judged
        if of.name == (v.dataset if by_data else v.metric)
    ]
    own = [s for s in every if of.name == (s.dataset if by_data else s.metric.name)]
    return {"scores": own, "ranked": [], "judged": told}


def _index(subjects: Sequence[facts.Card], tasks: Sequence[TaskView]) -> Markup:
    """What the search looks through: kind, name, summary and page."""
    rows = [[of.kind, of.name, of.summary, of.url] for of in subjects]
    rows += [["task", view.title, f"Leaderboards of task {view.task}", view.url] for view in tasks]
    return script_json(rows)


def _templates() -> Environment:
    made = environment()
    made.loader = ChoiceLoader([PackageLoader("omicsbench.site", ".")])
    made.globals |= {"url_of": facts.url_of, "stages_of": facts.stages_of, "counts": counts}
    made.filters |= {"number": "{:,}".format, "percent": _percent, "score": "{:.3g}".format}
    made.tests["real"] = lambda kind: kind == REAL
    return made


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.0f}"


def _own(name: str) -> Markup:
    text = (files("omicsbench.site") / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - the package's own
