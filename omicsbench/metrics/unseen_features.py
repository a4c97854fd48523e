"""Features that no method was given: can they be read off the embedding?"""

from __future__ import annotations

from omicsbench.metrics.base import OF_DATA, OF_NOISE, Estimate, FloatArray, metric
from omicsbench.metrics.reconstruction import explained
from omicsbench.metrics.ridge import read_off


@metric(
    title="Held-out features, read off by ridge, R²",
    range=(None, 1),
    direction="max",
    source="https://scikit-learn.org/stable/modules/model_evaluation.html#r2-score",
    group="molecules",
    room=(OF_NOISE, OF_DATA),
)
def held_out_features(
    embedding: FloatArray,
    held_out_values: FloatArray,
    learning_embedding: FloatArray,
    learning_values: FloatArray,
) -> Estimate:
    """Share of the variance of features held out of all methods that a linear map finds.

    Ridge regression of at most 5,000 training rows, its penalty by leave-one-out; neither rotation
    nor scale of the embedding matters. 1 - SSE / SST over all scored rows and features, as
    ``reconstruction_r2``: features have the variance that they have in the training pool, 1, so
    that each counts alike. None is clipped where it is predicted worse than by its mean.

    embedding : (m, d); held_out_values : (m, q), in the fixed space; learning_embedding : (t, d)
    and learning_values : (t, q) of training rows. Range (-inf, 1], larger is better; an embedding
    that knows nothing scores about 0.
    """
    return explained(held_out_values, read_off(learning_embedding, learning_values, embedding))
