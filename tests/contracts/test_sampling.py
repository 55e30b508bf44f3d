"""What every yaml of conf/sampling/ keeps."""

import numpy as np
import pytest

from mmer.stages.build import build, read_option
from mmer.types.targets import Targets


@pytest.fixture
def sampler(sampling_name):
    return build(read_option("sampling", sampling_name))


def targets(units=False):
    rng = np.random.default_rng(0)
    n = 30
    answers = np.where(rng.random((n, 2)) < 0.2, np.nan, rng.random((n, 2)) < 0.3).astype(np.float32)
    names = ("AU04", "AU12")
    classes = ("absent", "present") if units else tuple("abcd")
    index = np.zeros(n, int) if units else rng.integers(0, 3, n)  # no clip of the fourth class
    clips = tuple(f"c{k:02d}" for k in range(n))
    return Targets(clips, classes, index, names, answers, np.ones(n, np.float32), names if units else ())


def chances(sampler, of):
    return sampler.chances(of, {clip: clip[-1] for clip in of.clip_ids})


@pytest.mark.parametrize("units", [False, True])
def test_chances_are_probabilities_of_the_clips(sampler, units):
    found = chances(sampler, targets(units))
    if found is not None:  # every clip once
        assert tuple(found) == targets(units).clip_ids
        assert min(found.values()) >= 0
        assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("units", [False, True])
def test_order_of_the_clips_changes_nothing(sampler, units):
    of = targets(units)
    turned = chances(sampler, of.subset(of.clip_ids[::-1]))
    assert turned == (None if turned is None else pytest.approx(chances(sampler, of)))
