"""The words of a report that a newcomer may not know, each in a sentence or two."""

from __future__ import annotations

GLOSSARY = {
    "n": "The number of training samples: cells, or people, that a method has seen.",
    "n*": (
        "The smallest tested n from which on deep learning is ahead by more than the margin, at "
        "that and every larger tested n. Its interval says how sure that size is."
    ),
    "margin": (
        "The difference between two scores below which they count as equal. Each metric has its "
        "own; on data where it was measured, that is a share of what can be gained."
    ),
    "interval": (
        "Where the true value lies, with the stated confidence, as far as chance in the draws "
        "goes. A wide one says that little is known."
    ),
    "repeat": "One random order of the training samples, from which every n takes the first.",
    "held-out": "Never seen by any fitted step: the samples on which all scores are computed.",
    "open": (
        "Nothing is shown: neither that one side is ahead, nor that both are equal. A reason to "
        "take the simpler one, and no proof that it is as good."
    ),
    "control": (
        "Not a contestant: it bounds what a metric can show, or tells apart why something works."
    ),
    "q": "Of all claims with a q up to 5 %, about 5 % are expected to be false.",
    "Pareto front": "The pipelines that no other beats in both: none is faster and better.",
    "contestant": "A pipeline that is compared with others: a method, or several in a row.",
}
