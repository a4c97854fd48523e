"""Examples that ``--help`` shows: of each command lines as they are typed, and what they do."""

from __future__ import annotations

FIRST = (
    ("omicsbench run --data my.h5ad --label cell_type", "your own data, and a report of them"),
    ("omicsbench advise my.h5ad --label cell_type", "what others' results say, without a run"),
    ("omicsbench list methods", "what can be run; `omicsbench COMMAND --help` has more examples"),
)  # of `omicsbench --help`
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "run": (
        ("omicsbench run quick", "real data that come with the package, in minutes"),
        ("omicsbench run --data my.h5ad --label cell_type", "your own data"),
        (
            "omicsbench run --data counts.csv -m 'pca(50) > umap' --sizes 100,1000,all",
            "one more pipeline, at sizes of your choice",
        ),
        ("omicsbench run cohort --only -m pca -m count_vae", "two contestants alone"),
    ),
    "inspect": (
        ("omicsbench inspect my.h5ad --label cell_type", "what would be decided of a file"),
        ("omicsbench inspect digits --json", "the same of a data set, for a program"),
    ),
    "plan": (
        ("omicsbench plan standard", "what a suite will take, and what it can show"),
        ("omicsbench plan answer --freeze", "fix its protocol before the first run"),
    ),
    "embed": (
        ("omicsbench embed my.h5ad 'pca(50) > umap' -o embedded.h5ad", "all cells, for scanpy"),
    ),
    "advise": (
        ("omicsbench advise my.h5ad --label cell_type", "what the committed results say of its n"),
        ("omicsbench advise --n 184 --kind counts", "the same without a file"),
        ("omicsbench advise my.h5ad --label cell_type --measure", "and a small suite on the file"),
    ),
    "workflow": (
        ("omicsbench workflow sbatch answer --shards 16", "a SLURM job array, in answer.sbatch"),
        ("omicsbench workflow snakemake answer", "a Snakefile over 16 shards"),
    ),
    "site": (
        ("omicsbench site results -o site", "leaderboards and pages of all result sets"),
        ("omicsbench site results -o site --answer docs/answer.md", "with the answer as a page"),
    ),
    "merge": (
        ("omicsbench merge results/answer-*of16 -o results/answer", "the parts of `run --shard`"),
    ),
    "push": (("omicsbench push results/quick s3://lab/quick", "an object a record"),),
    "pull": (
        ("omicsbench pull s3://lab/answer results/answer", "the parts of `run --shard --mirror`"),
    ),
    "submit": (
        (
            'omicsbench submit results/mine --author "A. Body" --plugins my_plugins',
            "check and pack them for a pull request",
        ),
        ("omicsbench submit results/submitted/mine --verify again", "compare what was run again"),
    ),
    "report": (("omicsbench report results/quick", "the page again, from stored runs alone"),),
    "figure": (
        ("omicsbench figure results/quick", "every figure of the report, by name"),
        ("omicsbench figure table results/quick -o table.tex", "the scores, for a paper"),
    ),
    "export": (("omicsbench export results/quick runs.csv", "all runs as one table"),),
    "pack": (("omicsbench pack results/quick", "one file that can be committed"),),
    "list": (
        ("omicsbench list methods", "what can be named"),
        ("omicsbench list datasets --json", "the same for a program"),
    ),
    "show": (
        ("omicsbench show pca", "parameters, source, what is tuned"),
        ("omicsbench show knn_recall --json", "the same for a program"),
    ),
    "doctor": (
        ("omicsbench doctor", "what this machine has, and what will be skipped"),
        ("omicsbench doctor --json", "the same for a bug report"),
    ),
    "fetch": (("omicsbench fetch neurons_1m", "download 1.3 million cells, 4 GB"),),
    "prepare": (
        ("omicsbench prepare neurons_1m", "normalise and split ahead of the first run"),
        ("omicsbench prepare digits --verify", "read every byte of what was prepared"),
    ),
    "new": (("omicsbench new method my_method --folder my_plugins", "a file that passes check"),),
    "check": (("omicsbench check my_plugins", "the contract that all methods and data sets pass"),),
    "compare": (
        ("omicsbench compare results/ci results/new", "what became worse between two folders"),
        ("omicsbench compare main results/ci --html compare.html", "against what main has stored"),
    ),
    "calibrate": (("omicsbench calibrate ci --sets 10", "how often nothing looks like something"),),
    "ab": (
        ("omicsbench ab main HEAD", "two revisions in turn, times too"),
        ("git bisect run omicsbench ab v1.0 HEAD --bisect", "find the commit that did it"),
    ),
    "history": (
        ("omicsbench history results/history.jsonl --add results/ci", "one more line, and trends"),
    ),
}
