"""Search: what conf/search/NAME.yaml says, checked, apart from the experiment it tunes."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mmer.metrics.classification import SCORES
from mmer.metrics.multilabel import UNIT_SCORES
from mmer.tuning.space import Space
from mmer.types.errors import InputError, nearest

MODES = ("nested", "development")
METRICS = tuple(dict.fromkeys((*SCORES, *UNIT_SCORES)))
SAMPLERS = ("tpe", "random", "gp")
PRUNERS = ("none", "wilcoxon", "median")


@dataclass(frozen=True)
class StorageOptions:
    """Where trials are kept and how workers watch each other.

    Parameters
    ----------
    url : str
        ``sqlite`` or ``journal`` (a file of the search in the folder for private state), or an SQLAlchemy URL without
        a password.
    heartbeat : float
        Seconds between two signs of life of a worker.
    grace : float
        Seconds without one after which a worker counts as gone.
    retries : int
        How often a trial whose worker died is trained again. The last time it is trained alone: of a generation that
        died together, one trial may be what takes too much memory.
    """

    url: str = "sqlite"
    heartbeat: float = 30.0
    grace: float = 120.0
    retries: int = 2

    def __post_init__(self) -> None:
        if not self.heartbeat > 0 or self.grace < 2 * self.heartbeat:
            raise InputError(
                f"grace ({self.grace} s) must be at least twice heartbeat ({self.heartbeat} s), both above 0"
            )
        if self.retries < 0:
            raise InputError(f"retries must be 0 or more, got {self.retries}")
        if not self.url:
            raise InputError("url is empty; write sqlite, journal, or postgresql://USER@HOST/DATABASE")
        try:
            password = "://" in self.url and make_url(self.url).password
        except (ArgumentError, ValueError):
            return  # whoever opens it says what is wrong
        if password:
            raise InputError(
                "url holds a password, and this file is kept in git and copied into artifacts; put the whole "
                "URL into the environment variable MMER_OPTUNA_STORAGE, or the password into ~/.pgpass"
            )


@dataclass(frozen=True)
class PrunerOptions:
    """When a trial is given up before all its inner folds are trained.

    Parameters
    ----------
    name : str
        none, wilcoxon or median.
    startup_trials : int
        Median: trials that must be complete before any is pruned.
    startup_folds : int
        Inner folds that every trial gets.
    p_threshold : float
        Wilcoxon: a trial goes when the test that it is worse than the best so far, fold by fold, has a smaller p. With
        n folds p cannot fall below 1 / 2^n: at 0.1 four folds are the least that prune.
    """

    name: str = "none"
    startup_trials: int = 5
    startup_folds: int = 2
    p_threshold: float = 0.1

    def __post_init__(self) -> None:
        if self.name not in PRUNERS:
            raise InputError(f"name {self.name!r}: {nearest(self.name, PRUNERS)}")
        if self.startup_trials < 0 or self.startup_folds < 1:
            raise InputError("startup_trials must be 0 or more, startup_folds 1 or more")
        if not 0 < self.p_threshold < 1:
            raise InputError(f"p_threshold must lie between 0 and 1, got {self.p_threshold}")


@dataclass(frozen=True)
class Search:
    """A search over the settings of one experiment.

    Parameters
    ----------
    name : str
        Stem of the yaml.
    space : Space
    inner : dict
        ``protocol`` and its keys: how the training subjects are split for a trial.
    mode : str
        ``nested``: one study per outer fold; ``development``: one study on ``development_subjects``.
    development_subjects : tuple of str
        Subjects with their corpus (``casme2/sub01``) that the final protocol never tests.
    trials : int
        Per study. Failed and pruned ones count.
    generation : int
        Trials that are asked for, and trained, together.
    stack : int or None
        Most trainings that are put together into one model, whatever the machine; None: as many as is fastest here, so
        that scores of another machine, or of another day, differ in their last bits.
    metric : str
        Pooled over the inner folds of a trial, the mean over its seeds; maximised.
    seeds : tuple of int
        Every inner fold is trained under each.
    sampler : str
    sampler_seed : int
        Of the draws: one worker draws the same trials again.
    pruner : PrunerOptions
    storage : StorageOptions
    """

    name: str
    space: Space
    inner: Mapping[str, Any] = field(default_factory=lambda: {"protocol": "subject_kfold", "k": 4})
    mode: str = "nested"
    development_subjects: tuple[str, ...] = ()
    trials: int = 30
    generation: int = 15
    stack: int | None = 16
    metric: str = "uf1"
    seeds: tuple[int, ...] = (0,)
    sampler: str = "tpe"
    sampler_seed: int = 0
    pruner: PrunerOptions = field(default_factory=PrunerOptions)
    storage: StorageOptions = field(default_factory=StorageOptions)

    def __post_init__(self) -> None:
        for name, valid in (("mode", MODES), ("metric", METRICS), ("sampler", SAMPLERS)):
            if getattr(self, name) not in valid:
                raise InputError(f"{name} {getattr(self, name)!r}: {nearest(getattr(self, name), valid)}")
        for name in ("trials", "generation", "stack"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise InputError(f"seeds must list different whole numbers, got {list(self.seeds)}")
        if not isinstance(self.inner.get("protocol"), str):
            raise InputError("inner needs a protocol, e.g. inner: {protocol: subject_kfold, k: 4}")
        if (self.mode == "development") != bool(self.development_subjects):
            raise InputError(
                "development_subjects are needed by mode: development"
                if self.mode == "development"
                else "development_subjects mean nothing in mode: nested; drop them, or set mode: development"
            )

    @classmethod
    def of(cls, name: str, mapping: Mapping[str, Any], where: str) -> "Search":
        """Read and check a search.

        Parameters
        ----------
        name : str
        mapping : dict
            The yaml without ``base`` and ``set``. ``pruner`` may be its name alone.
        where : str
            The file, for messages.

        Raises
        ------
        InputError
            A key is unknown, a value of the wrong kind or out of range, or ``space`` is missing or wrong.
        """
        if "space" not in mapping:
            raise InputError(f"{where}: space is missing: what may vary, e.g. model.lr: {{type: float, ...}}")
        given = {key: value for key, value in mapping.items() if key != "space"}
        if isinstance(given.get("pruner"), str):
            given["pruner"] = {"name": given["pruner"]}
        for key, kind in (("pruner", PrunerOptions), ("storage", StorageOptions)):
            if key in given:
                given[key] = _make(kind, given[key], f"{where}: {key}")
        space = Space.of(mapping["space"], f"{where}: space")
        return _make(cls, given, where, name=name, space=space)

    def to_dict(self) -> dict[str, Any]:
        """Return the search as plain yaml."""
        shallow = {each.name: getattr(self, each.name) for each in fields(self)}
        lists = {"development_subjects": list(self.development_subjects), "seeds": list(self.seeds)}
        parts = {"space": self.space.to_dict(), "inner": dict(self.inner)}
        return shallow | lists | parts | {"pruner": asdict(self.pruner), "storage": asdict(self.storage)}

    def identity(self) -> dict[str, Any]:
        """Return what gives a trial's score its meaning, so that trials of another identity cannot be mixed in.

        How many trials there are, how many at once and where they are kept may change from run to run.
        """
        free = ("trials", "generation", "stack", "storage")
        return {key: value for key, value in self.to_dict().items() if key not in free}


def _make(cls: type, mapping: Any, where: str, **known: Any) -> Any:
    """Make a dataclass of a yaml mapping: no unknown key, every value of the kind of its default."""
    if not isinstance(mapping, Mapping):
        raise InputError(f"{where}: must be a mapping, got {mapping!r}")
    defaults = {
        each.name: each.default if each.default is not MISSING else each.default_factory()
        for each in fields(cls)
        if each.name not in known
    }
    values = {}
    for key, value in mapping.items():
        if key not in defaults:
            raise InputError(f"{where}: unknown key {key!r}; {nearest(str(key), [*defaults, *known])}")
        values[key] = _of_kind(value, defaults[key], key, where)
    try:
        return cls(**known, **values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _of_kind(value: Any, default: Any, key: str, where: str) -> Any:
    """Check that a value is of the kind of a default; lists become tuples."""
    if isinstance(default, tuple):
        item = str if key == "development_subjects" else int
        if isinstance(value, list | tuple) and all(type(each) is item for each in value):
            return tuple(value)
        raise InputError(
            f"{where}: {key} must be a list of {'names' if item is str else 'whole numbers'}, got {value!r}"
        )
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        return dict(value)
    if type(value) is not type(default):
        raise InputError(f"{where}: {key} must be a value like {default!r}, got {value!r}")
    return value
