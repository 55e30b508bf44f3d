"""What is put into synthetic EEG and ECG can be found there by other libraries; each alone tells little of a clip."""

import mne
import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, welch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmer.synthetic.physiology.ecg import beat, simulate_ecg
from mmer.synthetic.physiology.eeg import GENEVA, simulate_eeg
from mmer.synthetic.physiology.electrodes import places
from mmer.synthetic.physiology.session import AFTER, BEFORE, PEOPLE, Session, Trial, effects
from mmer.synthetic.seeds import generator

SPACING = 9.0
TRIALS = 48
SECONDS = SPACING * TRIALS + 10


def alternating(first, second):
    """Return two emotions in turn, nine seconds apart, and which of them is the first."""
    words = [first, second] * (TRIALS // 2)
    moments = [(word, 5 + SPACING * number) for number, word in enumerate(words)]
    return moments, np.array([word == first for word in words])


def power(values, sfreq, low, high, moments, start, stop):
    """Return the log power of a band around each moment, (moments, C)."""
    band = sosfiltfilt(butter(4, [low, high], "bandpass", fs=sfreq, output="sos"), values)
    return np.array(
        [np.log(band[:, int((at + start) * sfreq) : int((at + stop) * sfreq)].var(-1)) for _, at in moments]
    )


def separation(values, first):
    """Return how far two classes lie apart, in standard deviations of one clip."""
    spread = np.sqrt((values[first].var() + values[~first].var()) / 2)
    return (values[first].mean() - values[~first].mean()) / spread


@pytest.fixture(scope="module")
def eeg():
    """EEG of disgust and happiness in turn."""
    moments, first = alternating("disgust", "happiness")
    return simulate_eeg(GENEVA, 128.0, SECONDS, moments, generator(0, "eeg")), moments, first


def test_electrodes_lie_where_mne_has_them():
    theirs = mne.channels.make_standard_montage("spherical_1005").get_positions()["ch_pos"]
    theirs = np.array([theirs[name] / np.linalg.norm(theirs[name]) for name in GENEVA])
    angle = np.degrees(np.arccos(np.clip((places(GENEVA) * theirs).sum(1), -1, 1)))
    assert angle.max() < 20
    left, right = places(["AF7", "CB1", "M1"]), places(["AF8", "CB2", "M2"])
    np.testing.assert_allclose(left, right * [-1, 1, 1])


def test_eeg_is_of_the_usual_size_and_falls_with_frequency(eeg):
    values, _, _ = eeg
    assert values.shape == (32, round(SECONDS * 128))
    assert 5e-6 < np.median(values.std(1)) < 30e-6
    frequency, density = welch(values, 128.0, nperseg=512)
    slow, fast = (density[:, (frequency > a) & (frequency < b)].mean() for a, b in ((2, 4), (32, 45)))
    assert slow > 5 * fast


def test_near_electrodes_record_more_of_the_same_than_far_ones(eeg):
    values, _, _ = eeg
    apart = np.degrees(np.arccos(np.clip(places(GENEVA) @ places(GENEVA).T, -1, 1)))
    alike = np.corrcoef(values)
    pairs = np.triu(np.ones_like(apart, bool), 1)
    assert alike[pairs & (apart < 35)].mean() > 0.5 + alike[pairs & (apart > 100)].mean()


def test_frontal_alpha_differs_between_two_emotions_around_the_apex_only(eeg):
    values, moments, first = eeg
    alpha = power(values, 128.0, 8, 13, moments, -0.6, 1.0)
    asymmetry = alpha[:, GENEVA.index("F3")] - alpha[:, GENEVA.index("F4")]
    assert 0.5 < separation(asymmetry, first) < 3  # of one person; of all people about 1.3
    before = power(values, 128.0, 8, 13, moments, -3.0, -1.4)
    assert abs(separation(before[:, GENEVA.index("F3")] - before[:, GENEVA.index("F4")], first)) < 0.5


def test_surprise_has_more_theta_in_the_middle():
    moments, first = alternating("surprise", "disgust")
    values = simulate_eeg(("Fz", "P7"), 128.0, SECONDS, moments, generator(1, "eeg"))
    theta = power(values, 128.0, 4, 8, moments, -0.6, 1.0)
    assert 0.2 < separation(theta[:, 0], first) < 3


def test_a_heart_answers_and_neurokit_finds_its_beats():
    moments, first = alternating("happiness", "disgust")
    moments, first = moments[:24], first[:24]
    heart = beat(256.0, SECONDS / 2, moments, generator(2, "heart"))
    ecg = simulate_ecg(heart, 256.0, generator(2, "ecg"))
    import neurokit2  # here, because it warns of itself when it is imported first

    assert 0.5e-3 < ecg.max() < 2.5e-3
    peaks = neurokit2.ecg_peaks(neurokit2.ecg_clean(1e3 * ecg, 256), 256)[1]["ECG_R_Peaks"] / 256
    assert abs(len(peaks) - (heart.phase[-1] - heart.phase[0])) <= 2
    rate = 60 / np.diff(peaks)
    np.testing.assert_allclose(rate.mean(), heart.rate.mean(), rtol=0.02)

    time = np.arange(len(ecg)) / 256
    found = np.interp(time, peaks[1:], rate)
    after = np.array([found[(time > at + 1) & (time < at + 3)].mean() for _, at in moments])
    before = np.array([found[(time > at - 3) & (time < at)].mean() for _, at in moments])
    change = after - before
    assert 0.3 < separation(change, first) < 3


def test_eeg_and_heart_vary_on_their_own():
    """Within an emotion, the strength of a clip's alpha change says nothing about its heart."""
    moments = [("happiness", 5 + SPACING * number) for number in range(TRIALS)]
    values = simulate_eeg(("F3", "F4"), 128.0, SECONDS, moments, generator(3, "eeg"))
    alpha = power(values, 128.0, 8, 13, moments, -0.6, 1.0)
    heart = beat(128.0, SECONDS, moments, generator(3, "heart"))
    change = [heart.rate[round((at + 1.7) * 128)] - heart.rate[round(at * 128)] for _, at in moments]
    assert abs(np.corrcoef(alpha[:, 0] - alpha[:, 1], change)[0, 1]) < 0.4


def test_neither_stream_alone_reaches_what_both_reach():
    """Leave-one-subject-out with linear models on what was put in: the best that a model could do, about."""
    names, labels, people, features = ("F3", "F4", "Fz", "Pz"), [], [], {"eeg": [], "heart": []}
    for person in range(12):
        words = generator(person, "words").choice(["happiness", "disgust", "surprise"], 12).tolist()
        moments = [(word, 5 + SPACING * number) for number, word in enumerate(words)]
        seconds = SPACING * len(words) + 10
        values = simulate_eeg(names, 128.0, seconds, moments, generator(person, "eeg"))
        alpha, theta = (power(values, 128.0, *band, moments, -0.6, 1.0) for band in ((8, 13), (4, 8)))
        rate = beat(128.0, seconds, moments, generator(person, "heart")).rate
        early, late, rest = (
            np.array([rate[round((at + a) * 128) : round((at + b) * 128)].mean() for _, at in moments])
            for a, b in ((0.5, 3), (4, 7), (-3, 0))
        )
        features["eeg"].append(np.column_stack([alpha[:, 0] - alpha[:, 1], alpha[:, 3], theta[:, 2]]))
        features["heart"].append(np.column_stack([early - rest, late - rest]))
        labels += words
        people += [person] * len(words)
    said = {}
    for name, values in features.items():
        model = make_pipeline(StandardScaler(), LogisticRegression())
        said[name] = cross_val_predict(
            model, np.concatenate(values), labels, groups=people, cv=LeaveOneGroupOut(), method="predict_log_proba"
        )
    said["both"] = said["eeg"] + said["heart"]
    right = {name: (np.array(sorted(set(labels)))[scores.argmax(1)] == labels).mean() for name, scores in said.items()}
    assert 0.4 < right["eeg"] < 0.8
    assert 0.4 < right["heart"] < 0.8
    assert right["both"] > 0.03 + max(right["eeg"], right["heart"])


def test_every_emotion_that_is_rendered_has_effects():
    from mmer.synthetic.clip import emotions

    assert set(effects()) == set(emotions())


def test_mishaps_of_people_are_a_rule():
    trials = (Trial("a", "disgust", 0.0, 0.3), Trial("b", "surprise", 9.0, 9.3))
    people = [Session((0,), number, trials) for number in range(2 * PEOPLE)]
    assert [one.subject for one in people if not one.recorded("eeg")] == [7, 19]
    assert [one.subject for one in people if not one.recorded("ecg")] == [3, 15]
    rates = [one.at("eeg", 1.0) - one.at("eeg", 0.0) for one in people]
    assert np.flatnonzero(np.abs(np.array(rates) - 1) > 1e-6).tolist() == [1, 6, 13, 18]
    np.testing.assert_allclose([rates[1], rates[6]], [1 + 1e-4, 1 - 1e-4])
    whole = {stream: BEFORE[stream] + 9.3 + AFTER[stream] for stream in ("eeg", "ecg")}
    short = [(one.subject, stream) for one in people for stream in whole if one.length(stream) < whole[stream] - 1]
    assert short == [(5, "eeg"), (10, "ecg"), (17, "eeg"), (22, "ecg")]
