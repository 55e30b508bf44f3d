"""What no number is computed from, whichever number it is."""

import numpy as np
import pytest
from invented_predictions import emotion_table, unit_table

from mmer.metrics.bootstrap import intervals
from mmer.metrics.calibration import calibration, reliability
from mmer.metrics.comparison import compare
from mmer.metrics.groups import per_corpus
from mmer.metrics.multilabel import f1_per_unit_and_corpus, left_out, per_unit, unit_scores
from mmer.metrics.scores import absent_classes, class_counts, mean_over_folds, per_class, per_subject, scores
from mmer.types.errors import InputError


def against_itself(table):
    return compare({"a": table, "b": table}, resamples=10, permutations=10)


EITHER = (intervals, calibration, reliability, per_corpus, against_itself)
EMOTIONS = (scores, per_class, absent_classes, class_counts, mean_over_folds, per_subject)
UNITS = (unit_scores, per_unit, f1_per_unit_and_corpus, left_out)
CASES = [
    *((emotion_table, "p_positive", function) for function in (*EITHER, *EMOTIONS)),
    *((unit_table, "p_present", function) for function in (*EITHER, *UNITS)),
]


@pytest.mark.parametrize(("make", "column", "function"), CASES)
def test_probabilities_that_are_none_are_refused_even_where_only_the_prediction_counts(make, column, function):
    table = make()
    for value in (np.nan, np.inf):
        table.loc[5, column] = value
        with pytest.raises(InputError, match=f"NaN or infinite for {table.clip_id[5]}"):
            function(table)


@pytest.mark.parametrize(("make", "column", "function"), CASES)
def test_empty_cells_are_refused_by_the_name_of_their_column(make, column, function):
    for name in ("seed", "dataset", "subject", "truth"):
        table = make().astype({"seed": float})
        table.loc[5, name] = np.nan
        with pytest.raises(InputError, match=rf"\['{name}'\] have empty cells"):
            function(table)
