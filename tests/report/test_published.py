"""Published results: the data against the printed tables, and which rows may stand beside an experiment."""

from collections import Counter
from pathlib import Path

import pytest

from conf_groups import options
from mmer.report.published import FOLDER, corrections, load, matching, remark
from mmer.report.published_rows import DATASETS, PROTOCOLS, direction
from mmer.types.errors import InputError

MEGC2019 = ("casme2", "samm", "smic")
RESULTS = load()

# Every number of the survey's tables in the order of print, "N/A" left out.
PRINTED = {
    "survey_table3": "64.82 91.09 76.57 74.9 71.4 83.3 80.7 51.9 42.4 90.0 87.0",
    "survey_table4": """60.98 53.6 47.30 75.68 65.0 63.30 57.1 63.2 57.00 41.07 60.54 67.8 67.09 88.28 86.27 55.49 59.11
        63.41 64.62 70.78 72.97 72.74 72.36 80.97 80.70 49.4 49.6 65.9 53.9 62.09 72.3 69.5 80.3 78.6 76.06 77.0 72.61
        67.0 70.2 43.3 56.1 56.1 75.6 70.1 75.6 70.1 73.98 72.46 71.34 71.34 71.54 70.26 63.41 62.1 62.14 60.0 86.0 82.0
        68.74 79.3 79.0 85.4 86.2 81.20 51.7 74.15 55.44 81.89 83.00 57.90 62.38""",
    "survey_table5": """72.78 73.22 67.26 66.45 85.60 86.21 56.63 58.68 76.92 76.05 73.53 70.13 68.01 86.86 83.82 68.10
        65.88 78.24 78.85 75.30 74.61 82.09 82.93 71.52 77.54 65.06 65.20 58.77 58.20 70.18 70.68 59.89 62.09 60.37
        59.79 63.27 63.30 57.97 55.96 53.03 52.34 90.18 90.22 88.28 88.86 98.57 98.57 81.03 78.55 70.52 71.64 59.80
        59.91 80.87 85.63 67.71 69.76 85.7 86.4 86.1 86.4 87.2 87 81.9 82.5 84.1 84.5 79.1 79.0 86.8 87.6 82.3 84.5 72.0
        75.0 71.0 71.0 77.0 72.0 51.0 65.0 91.6 92.0 86.2 79.0 95.0 93.3 84.6 83.0 79.86 80.68 75.98 73.56 87.63 88.18
        72.80 74.75 0.859 0.836 0.836 0.814 0.812 0.882 0.891 0.800 0.790 78.32 78.38 70.83 70.11 88.73 89.15 71.55
        73.72""",
    "survey_table6": "43.4 34.1 55.9 58.4 34.4 31.9 55.5 49.7 62.8 57.8 32.1 25.9",
    "supplement_table3": """
        53.72 65.83 61.76 64.02 63.56 62.80 66.40 59.51 70.34 54.88 0.53 45.93 0.40 51.22 56.10 0.51 0.55
        55.86 64.06 0.51 0.60 42.68 50.61 0.44 0.53 50.39 55.08 0.40 0.47 48.17 59.15 0.48 0.58 49.22 62.50 0.44 0.58
        66.46 0.65 65.18 0.62 62.16 54.88 71.95 69.11 70.51 0.70 66.95 0.69 59.46 53.05 59.71 59.51 60.77 0.5622 54.27
        0.5297""",
}
# Printed values that the data replaces, and by what.
REPLACED = {
    "survey_table4": (
        [0.678, 0.8627, 0.786, 0.77, 0.561, 0.756, 0.701],
        [0.6768, 0.8697, 0.747, 0.71, 0.394, 0.76, 0.744],
    ),
    "supplement_table3": ([0.628, 0.664], [0.5793, 0.5951]),
}


def only(method: str, file: str, corpus: str | None = None, protocol: str = "loso"):
    """Return the one result of a method in a file."""
    (found,) = (
        result
        for result in RESULTS
        if (result.method, result.file) == (method, file)
        and (corpus is None or (result.corpora == (corpus,) and result.protocol == protocol))
    )
    return found


@pytest.mark.parametrize("file", sorted(PRINTED))
def test_every_printed_number_is_held_or_replaced(file):
    printed = Counter(round(float(text) / (100 if float(text) > 1 else 1), 6) for text in PRINTED[file].split())
    held = Counter(
        round(value, 6)
        for result in RESULTS
        if result.file == file
        for values in result.scores.values()
        for value in values.values()
    )
    wrong, right = REPLACED.get(file, ([], []))
    assert printed - held == Counter(wrong)
    assert held - printed == Counter(right)


@pytest.mark.parametrize(
    ("file", "printed_rows"),
    [
        ("survey_table3", 5),
        ("survey_table4", 26),
        ("survey_table5", 14),
        ("survey_table6", 5),
        ("supplement_table1", 15),
    ],
)
def test_one_row_for_each_printed_row(file, printed_rows):
    assert len({(result.ref, result.method) for result in RESULTS if result.file == file}) == printed_rows


def test_the_seventeen_lines_of_handcrafted_features():
    refs = {result.ref for result in RESULTS if result.file == "supplement_table3"}
    assert len({ref for ref in refs if not ref.endswith(("second value", "second values"))}) == 17


def test_ststnet_has_the_values_of_its_paper():
    ststnet = only("STSTNet", "survey_table5")
    assert ststnet.headline == {"uf1": 0.7353, "uar": 0.7605, "accuracy": 0.7692}  # 340 of 442 clips
    assert ststnet.scores["casme2"] == {"uf1": 0.8382, "uar": 0.8686}
    assert (ststnet.corpora, ststnet.classes, ststnet.labels) == (MEGC2019, 3, "megc3")
    assert (ststnet.year, ststnet.parameters, ststnet.selects_on_test) == (2019, 1670, None)


def test_which_results_were_selected_on_the_test_clips():
    flags = {result.method: result.selects_on_test for result in RESULTS if result.selects_on_test is not None}
    assert {method for method, flag in flags.items() if flag} == {
        "NMER",
        "CapsuleNet",
        "HTNet",
        "CausalNet",
        "MMNet",
        "SAMER",
        "STSTNet, re-run with early stopping on the test subject",
        "OFF-ApexNet, re-run with early stopping on the test subject",
    }
    assert {method for method, flag in flags.items() if not flag} == {
        "STSTNet, Python version",
        "STSTNet, re-run",
        "OFF-ApexNet, re-run",
        "SSSNet",
        "NMER, without the best epoch",
    }
    assert all(result.evidence for result in RESULTS if result.selects_on_test is not None)
    honest = [result for result in RESULTS if result.selects_on_test is False]
    assert max(result.headline["uf1"] for result in honest) < 0.78 < only("NMER", "survey_table5").headline["uf1"]


def test_misprints_are_corrected_and_said_so():
    au_gacn = only("AU-GACN + AU-ICGAN", "survey_table4", "samm")
    assert (au_gacn.scores["samm"], au_gacn.classes) == ({"accuracy": 0.702, "f1": 0.433}, 3)
    assert only("AU-GACN + AU-ICGAN", "survey_table4", "casme2").headline == {"accuracy": 0.561, "f1": 0.394}
    assert not [result for result in RESULTS if result.method == "AU-GACN + AU-ICGAN" and result.corpora == ("smic",)]
    genetic = only("Liu et al. (GA)", "survey_table5")
    assert genetic.headline == {"uf1": 0.836, "uar": 0.836, "accuracy": 0.859}
    apexnet = only("OFF-ApexNet", "survey_table4", "casme2")
    assert (apexnet.headline, apexnet.classes, apexnet.year) == ({"accuracy": 0.8828, "f1": 0.8697}, 3, 2019)
    assert set(apexnet.corrected) == {"year", "classes", "scores.casme2.f1"}
    assert only("CNN-LSTM", "supplement_table1").reference == 40
    assert only("TSCNN", "survey_table4", "casme2").corrected == ()


@pytest.mark.parametrize(
    ("percent", "fitting", "not_fitting"),
    [
        (88.28, [145], [246, 247]),  # OFF-ApexNet on CASME II: three classes
        (67.68, [164], []),
        (59.51, [247], [255, 256]),  # STLBP-IP's value in the row of TICS
        (57.93, [164], []),
        (45.93, [246], [255]),  # FDM
        (49.22, [256], [246, 247]),
        (72.61, [], [246, 247]),  # DMERKD
        (75.68, [255], [145, 147]),
        (74.15, [147], [255]),
    ],
)
def test_the_arithmetic_of_the_corrections(percent, fitting, not_fitting):
    """An accuracy is a whole number of clips, rounded or cut to two decimals."""

    def fits(clips: int) -> bool:
        exact = [100 * right / clips for right in range(clips + 1)]
        return any(
            abs(round(value, 2) - percent) < 1e-9 or abs(int(value * 100) / 100 - percent) < 1e-9 for value in exact
        )

    assert [clips for clips in fitting if not fits(clips)] == []
    assert [clips for clips in not_fitting if fits(clips)] == []


def test_every_correction_names_what_was_printed():
    every = corrections()
    assert len(every) >= 38
    assert len({(item.file, item.ref, item.field) for item in every}) == len(every)
    for file, (wrong, _) in REPLACED.items():
        texts = [item.printed for item in every if item.file == file]
        for value in wrong:
            assert any(text.startswith((f"{100 * value:.1f}", f"{100 * value:.2f}")) for text in texts), value


def test_parameters_agree_with_the_supplement():
    stated = {
        result.reference: {other.parameters for other in RESULTS if other.reference == result.reference}
        for result in RESULTS
        if result.file == "supplement_table1" and result.method not in ("SSSN", "DSSN") and result.reference
    }
    assert all(len(numbers - {None}) == 1 for numbers in stated.values())


def test_a_reference_has_one_name_in_the_survey():
    names = {}
    for result in RESULTS:
        if result.file.startswith("survey"):
            names.setdefault(result.reference, set()).add(result.method)
    assert [found for found in names.values() if len(found) > 1] == []


def test_no_result_is_given_twice_by_different_sources():
    keys = Counter(
        (result.method, result.protocol, result.classes, result.corpora, str(sorted(result.headline.items())))
        for result in RESULTS
        if result.headline
    )
    # LEARNet's accuracy on CASME II stands under 80/20 in one source and under LOSO in another: two protocols.
    assert [key for key, count in keys.items() if count > 1] == []


def test_names_are_those_of_the_configuration():
    assert set(PROTOCOLS) <= set(options("protocol"))
    assert {result.labels for result in RESULTS} - {None} <= set(options("labels"))
    assert {result.file for result in RESULTS} == {path.stem for path in FOLDER.glob("*.yaml")}


def test_lines_of_the_yaml_can_be_read():
    long = [
        (path.name, line) for path in FOLDER.glob("*.yaml") for line in path.read_text().splitlines() if len(line) > 160
    ]
    assert long == []


class TestMatching:
    """Only the same protocol, classes and corpora."""

    def test_megc2019_needs_its_three_corpora(self):
        rows = matching("composite_loso", 3, "megc3", ["smic", "samm", "casme2"])
        assert {"STSTNet", "NMER", "HTNet", "SSSNet"} <= {row.method for row in rows}
        assert all(row.corpora == MEGC2019 and row.protocol == "composite_loso" for row in rows)
        assert matching("composite_loso", 3, "megc3", ["casme2", "samm"]) == ()
        assert matching("composite_loso", 3, "megc3", [*MEGC2019, "mmew"]) == ()
        assert matching("loso", 3, "megc3", MEGC2019) == ()

    def test_parts_of_a_composite_are_no_results_of_one_corpus(self):
        assert all(len(row.corpora) == 1 for row in matching("loso", 3, "megc3", ["casme2"]))
        assert not [row for row in matching("loso", 3, "megc3", ["casme2"]) if row.file == "survey_table5"]

    def test_number_and_scheme_of_classes(self):
        five = matching("loso", 5, "casme2_5", ["casme2"])
        assert {"Graph-TCN", "TSCNN", "FGRMER", "LR-GACNN"} <= {row.method for row in five}
        assert {row.classes for row in five} == {5}
        assert matching("loso", 5, "megc2018", ["casme2"]) == ()
        assert matching("loso", 6, "casme2_5", ["casme2"]) == ()
        unstated = [row.method for row in matching("loso", 3, "a_scheme_of_a_lab", ["casme2"])]
        assert unstated == ["Peng et al."]  # states the number alone

    def test_person_dependent_is_not_person_independent(self):
        assert {row.method for row in matching("leave_one_video_out", 7, "casme2_7", ["casme2"])} == {
            "AU-GACN + AU-ICGAN",
            "AU-GACN",
            "MER-GCN",
        }
        assert "LEARNet" in {row.method for row in matching("holdout_80_20", 3, "megc3", ["smic"])}
        assert matching("holdout_90_10", 3, "megc3", ["smic"]) == ()

    def test_a_direction_is_not_its_reverse(self):
        to_smic = matching("cross_dataset", 3, "megc3", ["casme2->smic"])
        assert [row.headline["accuracy"] for row in to_smic if row.method == "RSTR"] == [0.6077]
        back = matching("cross_dataset", 3, "megc3", [direction(["smic"], ["casme2"])])
        assert [row.headline["accuracy"] for row in back if row.method == "RSTR"] == [0.5427]
        for corpora in (["casme2", "smic"], ["casme2->smic", "smic->casme2"], []):
            with pytest.raises(InputError, match="one direction"):
                matching("cross_dataset", 3, "megc3", corpora)

    def test_unknown_classes_match_nothing(self):
        assert any(result.protocol == "cross_dataset" and result.classes is None for result in RESULTS)
        assert matching("cross_dataset", None, "megc3", ["casme2->samm"]) == ()
        assert any(result.protocol is None and result.classes == 3 for result in RESULTS)
        assert matching(None, 3, "megc3", ["casme3"]) == ()

    def test_action_units_and_objective_classes(self):
        six = ("casme", "casme2", "casme3", "fourdme", "mmew", "samm")
        rows = matching("cd6me", 2, "cd6me_aus", six)
        assert len(rows) == 16
        assert max(rows, key=lambda row: row.headline["binary_f1"]).method == "SSSNet"
        assert "ELRCN" in {row.method for row in matching("megc2018_composite", 5, "megc2018", ["samm", "casme2"])}

    def test_corpora_of_a_lab_and_texts(self):
        assert matching("loso", 3, "megc3", ["our_lab"]) == ()
        assert matching("loso", 3, "megc3", []) == ()
        with pytest.raises(InputError, match="list of names"):
            matching("loso", 3, "megc3", "casme2")

    def test_remark_counts_and_warns(self):
        rows = matching("composite_loso", 3, "megc3", MEGC2019)
        words = remark(rows, synthetic=False)
        counts = [sum(row.selects_on_test is flag for row in rows) for flag in (True, False)]
        assert f"{len(rows)}, of which {counts[0]} selected on the test clips, {counts[1]} not" in words
        assert "synthetic" not in words
        assert "cannot be compared" in remark(rows, synthetic=True)


ROW = "{method: M, ref: r, protocol: loso, classes: 3, scores: {smic: {uf1: 0.5}}}"


def folder(tmp_path: Path, *rows: str, head: str = "") -> Path:
    """Write one yaml with these rows."""
    text = f"source: s\nunits: u\ntag: survey\n{head}rows:\n" + "".join(f"  - {row}\n" for row in rows)
    (tmp_path / "table.yaml").write_text(text)
    return tmp_path


def test_a_plain_row_is_read(tmp_path):
    (result,) = load(folder(tmp_path, ROW))
    assert (result.method, result.corpora, result.labels, result.evidence) == ("M", ("smic",), None, "")
    assert result.headline == {"uf1": 0.5}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ROW.replace("method:", "metod:"), "row 1.*'metod'.*did you mean 'method'"),
        (ROW.replace("0.5", "76.05"), "uf1 of smic.*fraction.*76.05.*divide percents"),
        (ROW.replace("0.5", ".nan"), "fraction"),
        (ROW.replace("0.5", "true"), "fraction"),
        (ROW.replace("0.5", "'0.5'"), "fraction"),
        (ROW.replace("uf1", "uf2"), "scores of smic.*did you mean 'uf1'"),
        (ROW.replace("smic", "smicc"), "unknown corpus 'smicc'.*did you mean 'smic'"),
        (ROW.replace("loso", "lozo"), "'lozo' is none of ours.*did you mean 'loso'"),
        (ROW.replace("loso", "cross_dataset"), "no direction"),
        (ROW.replace("loso", "cross_dataset").replace("smic:", "smic+casme2->samm:"), "no direction"),
        (ROW.replace("loso", "cross_dataset").replace("smic:", "smic->smic:"), "no direction"),
        (ROW.replace("classes: 3", "classes: 1"), "classes"),
        (ROW.replace("classes: 3", "classes: {samm: 3}"), "nothing of smic"),
        (ROW.replace("method: M", "method: 7"), "`method` must be a text"),
        (ROW.replace("ref: r", "ref: r, year: 10"), "`year`.*1990"),
        (ROW.replace("ref: r", "ref: r, year: '2019'"), "`year`"),
        (ROW.replace("ref: r", "ref: r, parameters: -1"), "`parameters`"),
        (ROW.replace("ref: r", "ref: r, seconds: .inf"), "`seconds`"),
        (ROW.replace("ref: r", "ref: r, tag: memory"), "'memory' is unknown"),
        (ROW.replace("ref: r", "ref: r, selects_on_test: true"), "evidence"),
        (ROW.replace("ref: r", "ref: r, evidence: hearsay"), "evidence"),
        (ROW.replace("ref: r", "ref: r, selects_on_test: 1, evidence: e"), "true, false or null"),
        (ROW.replace("ref: r", "ref: r, printed_protocol: LOSO"), "not both"),
        (ROW.replace("ref: r", "ref: r, corpora: [smic]"), "two or more"),
        (ROW.replace("ref: r", "ref: r, corpora: [samm, casme2]"), "scores of smic"),
        (ROW.replace("ref: r", "ref: r, method: again"), "'method' occurs twice"),
        (ROW.replace("scores: {smic: {uf1: 0.5}}", "scores: 0.5"), "`scores` must be a mapping"),
        ("just words", "must be a mapping"),
    ],
)
def test_a_slip_in_a_row_is_named(tmp_path, row, message):
    with pytest.raises(InputError, match=message) as error:
        load(folder(tmp_path, row))
    assert "table.yaml" in str(error.value)


def test_a_result_twice_is_named_with_both_places(tmp_path):
    with pytest.raises(InputError, match=r"row 3 \(M\).*stands in .*row 1 \(M\)"):
        load(folder(tmp_path, ROW, ROW.replace("smic", "samm"), ROW))
    (tmp_path / "other.yaml").write_text((tmp_path / "table.yaml").read_text())
    with pytest.raises(InputError, match="stands in"):
        load(folder(tmp_path, ROW))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!!python/object/apply:os.system ['true']", "plain values"),
        ("a: &a [1]\nb: *a", "aliases are not read"),
        ("a: [", "plain values"),
        ("[" * 5000, "plain values"),
        ("- a list", "must be a mapping"),
        ("", "must be a mapping"),
        ("sauce: s", "did you mean 'source'"),
        ("units: u\nrows: []", "`source`"),
        ("source: s\nunits: u\nrows: 7", "`rows` must be a list"),
        ("source: s\nunits: u\ndefaults: {tga: code}", "did you mean 'tag'"),
        ("source: s\nunits: u\nschemes: {smicc: {3: megc3}}", "unknown corpus"),
        ("source: s\nunits: u\nschemes: {smic: megc3}", "schemes of smic"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, text, message):
    (tmp_path / "table.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        load(tmp_path)


def test_bytes_and_sizes_and_empty_folders(tmp_path):
    with pytest.raises(InputError, match="no published results"):
        load(tmp_path)
    (tmp_path / "table.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match="plain values"):
        load(tmp_path)
    (tmp_path / "table.yaml").write_text("#" * (2**20 + 1))
    with pytest.raises(InputError, match="more than"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("correction", "message"),
    [
        ("{ref: r, field: scores.smic.uf1, printed: '60', holds: 0.6, reason: w}", "row holds 0.5"),
        ("{ref: x, field: year, printed: '10', holds: null, reason: w}", "0 rows have the ref 'x'"),
        ("{ref: r, field: year, printed: '10', reason: w}", "'holds'.* is missing"),
        ("{ref: r, field: year, printed: 10, holds: null, reason: w}", "`printed` must be a text"),
        ("{ref: r, feild: year}", "did you mean 'field'"),
    ],
)
def test_a_correction_must_fit_its_row(tmp_path, correction, message):
    with pytest.raises(InputError, match=message):
        load(folder(tmp_path, ROW, head=f"corrections:\n  - {correction}\n"))


def test_datasets_are_ours():
    assert set(options("dataset")) - {"manifest"} <= set(DATASETS) | {"samm_long", "casme3_c", "mmme"}
