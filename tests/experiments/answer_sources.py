"""What docs/answer.md has beside what others said: a lecture's contestants, published figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import mean, median

from answer_across import against_reference
from answer_evidence import HEADING, Evidence, counts, difference, scores_by, table

from omicsbench.reporting.matrix import REAL, SIMULATED, WORDS
from omicsbench.verdict.curves import fields
from omicsbench.verdict.how_many import own_curves
from omicsbench.verdict.judge import FEWEST_REPEATS

# What the lecture shows, by the suite that runs it.
LECTURE = {
    "answer": ("autoencoder(10, depth=2)",),
    "integrate": (
        "original_cite_seq(10)",
        "original_scnmt(10)",
        "multimodal_autoencoder(10)",
        "multimodal_autoencoder(10) > tsne",
        "multimodal_autoencoder(10) > umap",
    ),
    "predict": ("conv_net(image=(8, 8))", "bayesian_mlp"),
    "lecture": (
        "pca(50) > original_8_layers(epochs=100)",
        "corrected_8_layers(2)",
        "autoencoder(2, depth=10, batch_size=256)",
        "autoencoder(50, depth=10, batch_size=256)",
        "autoencoder(50, depth=10, batch_size=256) > tsne",
    ),
}


def of_the_lecture(every: Mapping[str, Evidence]) -> str:
    """Each of the lecture's contestants alone, against all simple ones, on real data."""
    lines = table("contestant", "suite", HEADING.strip("| "), "to know")
    for suite, names in LECTURE.items():
        evidence = every.get(suite)
        for name in names if evidence else ():
            own = [
                v
                for v in evidence.verdicts
                if v.deep == name
                and (v.contenders == 1 or not v.best)
                and v.against == "best_simple"
                and not v.scored_by.secondary
                and evidence.kind_of[v.dataset] != SIMULATED
            ]
            lines.append(f"| `{name}` | `{suite}` | {counts(own)} | {_to_know(evidence, name)} |")
    return "\n".join(lines)


def _to_know(evidence: Evidence, name: str) -> str:
    said = []
    repeats = {r.spec.repeat for r in evidence.done if r.spec.label == name}
    if len(repeats) < FEWEST_REPEATS:
        said.append(f"{len(repeats)} repeats, too few for a claim")
    cut, every = evidence.cut_off.get(name, (0, 0))
    if cut:
        said.append(f"{cut:,} of {every:,} trainings ended by their budget")
    return "; ".join(said)


def published(every: Mapping[str, Evidence]) -> dict[str, str]:
    """Lines of our own figures beside those of others, by whose they stand beside."""
    made = {}
    if "answer" in every:
        made["saturation"] = _saturation(every["answer"])
        made["against the reference"] = against_reference(every["answer"])
    if "predict" in every:
        made["against logistic regression"] = against_reference(every["predict"])
    if "predict_long" in every:
        long = every["predict_long"]
        made["metabolites"] = f"{_on(long, ['mtbls90'])} {_means(long, 'mtbls90', 'auroc')}"
    if "batch" in every:
        batch = every["batch"]
        made["real batches"] = _on(batch, dict.fromkeys(v.dataset for v in batch.real))
    if "regress_long" in every:
        long, names = every["regress_long"], ("soynam", "soynam (new family)", "avgfp_dms")
        frozen = _on(long.of_the_frozen, names)
        made["traits"] = (
            f"{_on(long, names)}\n\nThe contestants of the frozen protocol alone: {frozen}"
        )
    return made


def _on(evidence: Evidence, names: Iterable[str]) -> str:
    """The difference on data sets by each primary metric, at the largest n."""
    said = []
    for name in names:
        own = [v for v in evidence.headline if v.dataset == name]
        said += [
            f"`{name}`, n = {v.largest:,}, `{v.metric}`: {difference(v.last)}, {WORDS[v.standing]}"
            for v in own
        ]
    return "; ".join(said) + "."


def _means(evidence: Evidence, name: str, metric: str) -> str:
    """The mean of every contestant on a data set at its largest n, the best first."""
    own = [r for r in evidence.contestants if r.spec.dataset == name]
    largest = max(r.spec.size for r in own)
    at_largest = (r for r in own if r.spec.size == largest)
    found = scores_by(at_largest, metric, lambda r: r.spec.label)
    order = sorted(found, key=lambda label: -mean(found[label]))
    few = {name: f" ({len(s)} repeats)" for name, s in found.items() if len(s) < FEWEST_REPEATS}
    said = ", ".join(f"`{name}` {mean(found[name]):.3f}{few.get(name, '')}" for name in order)
    return f"Mean `{metric}` at n = {largest:,}: {said}."


def _saturation(evidence: Evidence) -> str:
    """Of how many curves the last step of n still brings more than the margin, by family."""
    metrics = {v.metric for v in evidence.headline}
    found = [
        one
        for one in own_curves(fields(evidence.records, evidence.analysis))
        if one.field.metric.name in metrics and evidence.kind_of[one.field.spec.dataset] == REAL
    ]
    said = []
    for family in ("deep", "simple"):
        own = [one for one in found if one.family == family]
        ends: dict[str, int] = defaultdict(int)
        sizes = []
        for one in own:
            settled = one.needs != "open" and not one.needs.startswith("more than")
            ends["settled" if settled else one.needs.split()[0]] += 1
            if settled and one.saturation.place < len(one.sizes):
                sizes.append(one.sizes[one.saturation.place])
        at = f" (median n = {median(sizes):,.0f})" if sizes else ""
        said.append(
            f"{family}: {ends['settled']} of {len(own)} curves are within the margin of their end"
            f"{at}, {ends['more']} still rise, {ends['open']} are open"
        )
    return "; ".join(said) + "."
