"""Every yaml of conf/signal keeps the promises of ``mmer.signals.signal.Signal``, on made recordings and tracks."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conf_groups import CONF, options
from mmer.signals.signal import Signal
from mmer.stages.build import build, read_option
from mmer.types.clips import LABELS, validate_clips, visible
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.samples import Samples

sys.path.append(str(Path(__file__).parent.parent / "signals"))
from bodies import record

FPS = 100.0
ONSETS = (2000, 2600, 3300, 4100, 8950)  # the last window leaves the recording of 90 s


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Two people with recordings, one without; the clips' face tracks."""
    folder = tmp_path_factory.mktemp("bodies")
    clips, tracks = [], {}
    for person in (1, 2, 3):
        path = record(folder / f"s{person}_raw.fif", seed=person) if person < 3 else None
        for number, onset in enumerate(ONSETS if person < 3 else ONSETS[:1]):
            clip_id = f"lab/s{person}/c{number}"
            clips.append(
                {"clip_id": clip_id, "dataset": "lab", "subject": f"lab/s{person}", "emotion": "joy", "fps": FPS}
                | {"onset": onset, "apex": onset + 20, "offset": onset + 60, "frames": "none.mp4"}
                | {"eeg": path and str(path), "ecg": path and str(path)}
            )
            if person < 3:
                tracks[clip_id] = folder / f"{person}_{number}.parquet"
                track_of(clip_id, onset, 10 * person + number).save(tracks[clip_id])
    return validate_clips(pd.DataFrame(clips)), tracks


def track_of(clip_id: str, onset: int, seed: int) -> FaceTrack:
    random = np.random.default_rng(seed)
    shapes = {"landmarks": (61, 68, 2), "box": (61, 4), "pose": (61, 3), "gaze": (61, 2), "action_units": (61, 0)}
    return FaceTrack(
        clip_id=clip_id,
        frame=onset + np.arange(61),
        time=np.arange(61) / FPS,
        au_names=(),
        au_scale="none",
        confidence=np.ones(61, np.float32),
        n_faces=np.ones(61, np.int16),
        image_size=(480, 640),
        **{name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()},
    )


@pytest.fixture(scope="module")
def recordings():
    return build(read_option("recordings", "constant", CONF))


def cut(signal, clips, recordings, tracks):
    return signal.cut(visible(clips, signal.reads), recordings, tracks)


def samples_of(name, found, clips) -> Samples:
    """The stream that an experiment gets: zeros where a clip lacks it."""
    shape = next(iter(found.values.values())).shape
    rows = [found.values.get(clip_id, np.zeros(shape, np.float32)) for clip_id in clips.clip_id]
    present = np.array([clip_id in found.values for clip_id in clips.clip_id])
    return Samples(tuple(clips.clip_id), {name: np.stack(rows)}, {name: present}, signals={name: found.layout})


def test_a_signal_gives_every_clip_a_value_or_a_reason(signal_name, corpus, recordings):
    clips, tracks = corpus
    node = read_option("signal", signal_name, CONF)
    signal = build(node)
    assert isinstance(signal, Signal)
    assert signal.name == node["name"] == signal_name
    assert signal.encoder in options("model")
    assert set(signal.reads) <= {"onset", "apex", "offset"}
    seen = visible(clips, signal.reads)
    assert not set(LABELS) & set(seen)
    found = signal.cut(seen, recordings, tracks)
    assert sorted([*found.values, *found.missing]) == sorted(clips.clip_id)
    assert len(found.values) >= 6
    assert all(found.missing.values())
    assert any("lab/s3" in clip_id for clip_id in found.missing)
    layout = found.layout
    for values in found.values.values():
        assert values.dtype == np.float32
        assert values.shape[0] == len(layout.channels)
        assert np.isfinite(values).all()
        assert values.shape[1] == (len(layout.features) or values.shape[1])
    assert (layout.sfreq == 0) == bool(layout.features)
    # No two clips show the same: a window of the wrong place, or of nothing, would.
    assert len({values.tobytes() for values in found.values.values()}) == len(found.values)

    # Nothing passes between people: a clip's values are the same whoever else is there, and however often.
    alone = clips[clips.subject == "lab/s2"].reset_index(drop=True)
    again = cut(signal, alone, recordings, tracks)
    for clip_id, values in again.values.items():
        assert np.array_equal(values, found.values[clip_id])

    samples = samples_of(signal_name, found, clips)
    transform, after = signal.fit(samples)
    final = transform(samples.streams[signal_name])
    assert final.shape[:2] == (len(clips), len(after.channels))
    assert np.isfinite(final[samples.present[signal_name]]).all()
    if not signal.fits:
        assert after == layout


@pytest.mark.parametrize("name", ["eeg_bands"])
def test_what_is_fitted_is_fitted_on_the_clips_given_and_on_nothing_else(name, corpus, recordings):
    clips, tracks = corpus
    signal = build(read_option("signal", name, CONF) | {"ica": 8, "pick": ["eeg", "eog"]})
    found = cut(signal, clips, recordings, tracks)
    assert not found.layout.features
    samples = samples_of(name, found, clips)
    train = samples.subset([clip_id for clip_id in samples.clip_ids if "/s1/" in clip_id])
    transform, layout = signal.fit(train)
    assert "VEOG" not in layout.channels
    assert layout.features
    other = samples.streams[name].copy()
    other[[clip_id not in train.clip_ids for clip_id in samples.clip_ids]] *= 3
    spoiled = replace(samples, streams={name: other}).subset(train.clip_ids)
    again, _ = signal.fit(spoiled)
    assert np.array_equal(transform(samples.streams[name]), again(samples.streams[name]))


def test_an_unknown_key_stops_with_its_name(signal_name):
    with pytest.raises(InputError, match="no key 'hgih'"):
        build(read_option("signal", signal_name, CONF) | {"hgih": 40.0})
