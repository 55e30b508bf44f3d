"""Time the statistics on a table of the size of the MEGC2019 composite: 442 clips, 68 subjects, 3 classes.

    python scripts/bench_statistics.py

The table is invented here. The last line is JSON.
"""

import json
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from mmer.metrics.bootstrap import intervals
from mmer.metrics.comparison import compare
from mmer.metrics.scores import scores

CLASSES = ("negative", "positive", "surprise")
FREQUENCIES = (250 / 442, 109 / 442, 83 / 442)
CLIPS, SUBJECTS = 442, 68
UNITS = tuple(f"AU{number:02d}" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17))


def main() -> None:
    one, other, three = emotions(seeds=1), emotions(seeds=1, salt=1), emotions(seeds=3)
    seconds = {
        "scores": timed(lambda: scores(one)),
        "bootstrap_10000_1_seed": timed(lambda: intervals(one)),
        "bootstrap_10000_3_seeds": timed(lambda: intervals(three)),
        "bootstrap_10000_12_units": timed(lambda: intervals(units())),
        "compare_2": timed(lambda: compare({"one": one, "other": other})),
    }
    for name, value in seconds.items():
        print(f"{name:26} {value:.3f} s")
    print(json.dumps({"clips": CLIPS, "subjects": SUBJECTS, "resamples": 10_000, "seconds": seconds}))


def timed(function: Callable[[], object]) -> float:
    """Return the shortest of three times."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return round(min(times), 4)


def emotions(seeds: int, salt: int = 0) -> pd.DataFrame:
    """Invent predictions of emotions that are right somewhat more often than chance."""
    truth = np.random.default_rng(0).choice(CLASSES, CLIPS, p=FREQUENCIES)
    parts = []
    for seed in range(seeds):
        random = np.random.default_rng([seed, salt])
        p = random.dirichlet([1] * len(CLASSES), CLIPS) + 0.3 * (truth[:, None] == np.array(CLASSES))
        parts.append(_table(truth, p / p.sum(1, keepdims=True), CLASSES, "emotion").assign(seed=seed))
    return pd.concat(parts, ignore_index=True)


def units() -> pd.DataFrame:
    """Invent predictions of 12 action units."""
    random = np.random.default_rng(0)
    parts = []
    for unit in UNITS:
        truth = np.where(random.random(CLIPS) < 0.15, "present", "absent")
        p = random.beta(1, 3, CLIPS)
        parts.append(_table(truth, np.stack([1 - p, p], 1), ("absent", "present"), unit))
    return pd.concat(parts, ignore_index=True)


def _table(truth: np.ndarray, p: np.ndarray, classes: tuple[str, ...], target: str) -> pd.DataFrame:
    subject = [f"invented/sub{clip % SUBJECTS:02d}" for clip in range(CLIPS)]
    table = pd.DataFrame(
        {
            "experiment": "bench",
            "seed": 0,
            "repeat": 0,
            "fold": subject,
            "clip_id": [f"{name}/{clip:03d}" for clip, name in enumerate(subject)],
            "dataset": "invented",
            "subject": subject,
            "target": target,
            "truth": truth,
            "predicted": np.array(classes)[p.argmax(1)],
        }
    )
    return table.assign(**{f"p_{name}": p[:, i] for i, name in enumerate(classes)})


if __name__ == "__main__":
    main()
