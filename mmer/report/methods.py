"""One experiment -> the paragraphs of a methods section, in which every number comes from its config or artifacts."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmer.metrics.bootstrap import LEVEL, RESAMPLES
from mmer.metrics.comparison import EXACT, PERMUTATIONS
from mmer.report.dataset_section import by_reason
from mmer.report.describe import HIDDEN, describe, value_text
from mmer.report.latex import escaped
from mmer.report.methods_words import AUGMENT, OF_RECIPE, OPTIMIZERS, RECIPE, STANDARDISED
from mmer.report.results import Measured
from mmer.report.summary import BASELINES
from mmer.report.wording import many
from mmer.types.fingerprint import SHORT

Paragraph = tuple[str, str]
ROOTS = ("root", "path", "weights", "device", "threads", "workers", "patience", "chunk")  # of faces: of a machine


def methods(one: Measured, datasets: Mapping[str, Mapping[str, Any]], synthetic: bool = False) -> tuple[Paragraph, ...]:
    """Describe how an experiment was made.

    Parameters
    ----------
    one : Measured
    datasets : mapping of str to mapping
        Resolved sections of its datasets: ``faces``, ``magnify`` and ``motion`` are read; those that lack are left out.
    synthetic : bool
        Whether any of its corpora is a synthetic release.

    Returns
    -------
    tuple of (title, text)
    """
    config = one.record.config
    parts = (
        ("Data", _data(one, synthetic)),
        ("Faces and motion", _faces(config, datasets)),
        ("Graph", _graph(config)),
        ("Recordings", _recordings(config)),
        ("Model", _model(config)),
        ("Training", _training(config)),
        ("Tuning", _tuning(one)),
        ("Evaluation", _evaluation(one)),
        ("Baselines", _baselines(one)),
        ("Software", _software(one)),
    )
    return tuple((title, text) for title, text in parts if text)


def text_of(name: str, paragraphs: Sequence[Paragraph]) -> str:
    """Write paragraphs as plain text."""
    return "\n\n".join([f"Methods: {name}", *(f"{title}. {text}" for title, text in paragraphs)]) + "\n"


def tex_of(name: str, paragraphs: Sequence[Paragraph]) -> str:
    """Write paragraphs as LaTeX."""
    lines = [f"% Methods of {' '.join(name.split())}, written by mmer from its config and artifacts"]
    return (
        "\n".join([*lines, *(rf"\paragraph{{{escaped(title)}}} {escaped(text)}" for title, text in paragraphs)]) + "\n"
    )


def _sentence(*parts: str) -> str:
    """Join what there is to one sentence."""
    text = "; ".join(part for part in parts if part)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _data(one: Measured, synthetic: bool) -> str:
    record, summary = one.record, one.summary
    found = record.fingerprint
    if found is not None:
        corpora = [
            f"{name} ({many(about['clips'], 'clip')} of {many(about['subjects'], 'subject')}, annotation "
            + (", ".join(f"{file} sha256 {sha[:SHORT]}" for file, sha in sorted(about["files"].items())) or "not known")
            + ")"
            for name, about in sorted(found.corpora.items())
        ]
        size = f"{many(found.clips, 'clip')} of {many(found.subjects, 'subject')} take part"
    else:
        corpora = list(record.corpora)
        size = f"{many(summary.clips, 'clip')} of {many(summary.subjects, 'subject')} are tested"
    classes = ", ".join(f"{name} {count}" for name, count in summary.classes.items())
    kind = "action units" if summary.detection else "classes"
    texts = [f"{size}: {'; '.join(corpora)}."]
    reasons = by_reason(dict(zip(record.excluded.clip_id, record.excluded.reason, strict=True)))
    if reasons:
        named = "; ".join(f"{len(clips)}: {reason}" for reason, clips in reasons.items())
        texts.append(f"Left out of these corpora: {many(len(record.excluded), 'clip')} ({named}).")
    texts.append(
        f"The label scheme {record.choice('labels')} has {len(summary.classes)} {kind}; test clips: {classes}."
    )
    if synthetic:
        texts.append("Some or all of these clips are synthetic; scores on them say nothing about real expressions.")
    return " ".join(texts)


def _faces(config: Mapping[str, Any], datasets: Mapping[str, Mapping[str, Any]]) -> str:
    """Group the datasets whose faces and motion are made alike."""
    groups: dict[str, list[str]] = {}
    for name in config.get("datasets") or ():
        about = datasets.get(name, {})
        faces = about.get("faces")
        if isinstance(faces, Mapping):
            faces = {key: value for key, value in faces.items() if key not in ROOTS}
        said = [describe(key, part) for key, part in (("faces", faces), ("magnify", about.get("magnify"))) if part]
        said += [describe("motion", about["motion"])] if about.get("motion") else []
        if text := _sentence(*said):
            groups.setdefault(text, []).append(name)
    texts = list(groups) if len(groups) == 1 else [f"{' and '.join(names)}: {text}" for text, names in groups.items()]
    scaling = describe("motion_scaling", config["motion_scaling"]) if config.get("motion_scaling") else ""
    mixed = "Tracks of different backends are mixed." if config.get("mix_backends") else ""
    return " ".join(part for part in (*texts, _sentence(scaling), mixed) if part)


def _graph(config: Mapping[str, Any]) -> str:
    return _sentence(*(describe(group, config[group]) for group in ("nodes", "edges") if config.get(group)))


def _recordings(config: Mapping[str, Any]) -> str:
    return " ".join(
        f"{name}: {describe('signal', {**node, 'name': node.get('name', name)})}."
        for name, node in (config.get("signals") or {}).items()
    )


def _model(config: Mapping[str, Any]) -> str:
    model = config.get("model")
    if not isinstance(model, Mapping):
        return _sentence(describe("model", model)) if model else ""
    own = {key: value for key, value in model.items() if key not in OF_RECIPE}
    if "branches" not in own:
        return _sentence(describe("model", own))
    branches = [f"{stream}: {describe('model', branch)}" for stream, branch in own.pop("branches").items()]
    fusion = describe("fusion", own.pop("fusion", "none"))
    rest = {key: value for key, value in own.items() if key not in HIDDEN}
    settings = ", ".join(f"{key.replace('_', ' ')} {value_text(value)}" for key, value in rest.items())
    return _sentence("one network per stream", *branches, fusion, settings)


def _training(config: Mapping[str, Any]) -> str:
    model = config.get("model")
    if not isinstance(model, Mapping):
        return ""
    recipe = RECIPE | {key: value for key, value in model.items() if key in OF_RECIPE}
    scaled = STANDARDISED.get(str(recipe["standardise"]), f"standardise {recipe['standardise']}")
    if config.get("signals"):
        scaled += "; recordings are always standardised, feature by feature or channel by channel"
    if "epochs" not in recipe:
        return _sentence("fitted once by its own solver", scaled)
    steps = [
        f"{_optimizer(recipe)}, learning rate {value_text(recipe.get('lr'))} {_schedule(recipe)}",
        f"weight decay {value_text(recipe['weight_decay'])}",
        f"batches of at most {many(recipe.get('batch_size'), 'clip')}",
        _length(recipe),
    ]
    if recipe["clip_norm"] is not None:
        steps.append(f"gradients clipped to a norm of {value_text(recipe['clip_norm'])}")
    if recipe["precision"] != "float32":
        steps.append(f"precision {recipe['precision']}")
    loss = f"The loss is {describe('loss', config['loss'])}." if config.get("loss") else "The model has its own loss."
    shown = [describe("sampling", config["sampling"])] if config.get("sampling") else []
    shown.append(_augment(config["augment"]) if config.get("augment") else "")
    return " ".join(part for part in (_sentence(", ".join(steps)), loss, _sentence(*shown), _sentence(scaled)) if part)


def _optimizer(recipe: Mapping[str, Any]) -> str:
    name = str(recipe["optimizer"])
    momentum = f" with momentum {value_text(recipe['momentum'])}" if name == "sgd" else ""
    return OPTIMIZERS.get(name, name) + momentum


def _schedule(recipe: Mapping[str, Any]) -> str:
    if recipe["schedule"] == "constant":
        return "throughout"
    if recipe["schedule"] == "cosine":
        return "falling to 0 by a cosine"
    if recipe["schedule"] == "step":
        every = many(recipe["step_epochs"], "epoch")
        return f"multiplied by {value_text(recipe['step_factor'])} after every {every}"
    return f"schedule {recipe['schedule']}"


def _length(recipe: Mapping[str, Any]) -> str:
    if recipe["patience"] is None:
        return f"{many(recipe['epochs'], 'epoch')}, as many for every fold"
    return (
        f"at most {many(recipe['epochs'], 'epoch')}, stopped when the loss on "
        f"{many(recipe['validation_subjects'], 'held-out training subject')} had not fallen for "
        f"{many(recipe['patience'], 'epoch')}"
    )


def _augment(section: Any) -> str:
    if not isinstance(section, Mapping):
        return "" if section in ("none", None) else f"augmentation {section}"
    said = []
    for key, value in section.items():
        words, off = AUGMENT.get(key, (f"{key.replace('_', ' ')} {{}}", None))
        if key not in HIDDEN and value != off:
            said.append(words.format(value_text(value).replace(" and ", " to ")))
    return f"training clips are shown {', '.join(said)}" if said else "no augmentation"


def _tuning(one: Measured) -> str:
    found = one.record.tuning
    if found is None:
        return ""
    where = (
        "for each outer fold, on inner folds of its training subjects; where it chose otherwise, its settings stand in "
        "the place of those above"
        if found.mode == "nested"
        else f"once, on {many(len(found.subjects), 'subject')} whom no fold tests"
    )
    search = f"the search {found.search} of {many(found.trials, 'trial')} by {found.metric}"
    return f"Settings were chosen by {search}, {where}."


def _evaluation(one: Measured) -> str:
    record, summary = one.record, one.summary
    folds = many(summary.folds, "fold") + (f" in {summary.repeats} repeats" if summary.repeats > 1 else "")
    found = record.fingerprint
    splits = f" (splits sha256 {found.splits[:SHORT]})" if found else ""
    scores = ", ".join(summary.labels.values())
    seeds = sorted({int(seed) for seed in record.predictions.seed})
    runs = f"the mean over {summary.runs} runs" if summary.runs > 1 else "those of one run"
    interval = (
        f"Intervals are {100 * LEVEL:g} % percentile intervals of {RESAMPLES:,} bootstrap resamples of the "
        f"{many(summary.subjects, 'tested subject')}."
        if summary.without_interval is None
        else f"There are no intervals: {summary.without_interval}."
    )
    return " ".join(
        (
            f"The protocol is {describe('protocol', record.config.get('protocol', '-'))}; {folds}{splits}.",
            f"{'Seed' if len(seeds) == 1 else 'Seeds'} {value_text(seeds)}.",
            f"Scores ({scores}) are computed from the predictions of all folds pooled, and are {runs}.",
            interval,
            "Experiments on the same test clips are compared by a two-sided paired permutation test that exchanges "
            f"their predictions subject by subject (exact up to {EXACT} subjects that differ, else {PERMUTATIONS:,} "
            "draws) and by Wilcoxon's signed-rank test on the accuracies of the subjects, both after Holm's correction "
            "over all pairs.",
        )
    )


def _baselines(one: Measured) -> str:
    texts = [_baseline(baseline) for baseline in one.summary.baselines]
    return f"On the same folds and clips: {'; '.join(texts)}." if texts else ""


def _baseline(baseline: Any) -> str:
    what = BASELINES.get(baseline.name, ("", baseline.what))[1].rstrip(".")
    draws = f", {many(baseline.draws, 'draw')}" if baseline.draws > 1 else ""
    return f"{baseline.label}{draws}" + (f" ({what[0].lower()}{what[1:]})" if what else "")


def _software(one: Measured) -> str:
    found = one.record.fingerprint
    if found is None:
        return ""
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    return (
        f"{versions}; {found.precision} on {found.device}; config sha256 {found.config[:SHORT]}, code sha256 "
        f"{found.code[:SHORT]}."
    )
