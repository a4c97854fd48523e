"""What a record tells of its data: as plain in JSON as what it tells, and joined over tasks."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from omicsbench.records.facts import DatasetFacts, ModalityFacts

PLAIN = DatasetFacts(name="d", values="counts", n_cells=10, label_names=("a", "b"))
SEVERAL = DatasetFacts(
    name="d", values="counts + binary", modalities={"rna": ModalityFacts(values="counts")}
)


def test_nothing_is_written_of_modalities_and_held_out_classes_that_there_are_not() -> None:
    assert not {"modalities", "held_out"} & PLAIN.model_dump().keys()
    assert {"modalities", "label"} <= SEVERAL.model_dump().keys()
    assert DatasetFacts(held_out="a").model_dump()["held_out"] == "a"
    for facts in (PLAIN, SEVERAL):
        assert DatasetFacts.model_validate_json(facts.model_dump_json()) == facts


def test_each_task_adds_what_it_knows() -> None:
    stored = [DatasetFacts.model_validate_json(f.model_dump_json()) for f in (SEVERAL, PLAIN)]
    joined = stored[0].joined(stored[1])
    assert joined.modalities == SEVERAL.modalities
    assert (joined.n_cells, joined.values) == (10, "counts")


def test_a_misspelt_fact_is_an_error() -> None:
    with pytest.raises(ValidationError, match="n_cell"):
        DatasetFacts.model_validate({"n_cell": 3})
