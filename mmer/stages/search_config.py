"""conf/search/NAME.yaml: what a person writes, and the config of its experiment under any trial's overrides."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mmer.stages import paths
from mmer.stages.build import CONF, build, options, read_option
from mmer.stages.config import compose_experiment, mapping, read_params
from mmer.stages.entry import GROUPS, LEAVES, UNREADABLE, Entries
from mmer.stages.recipe import split_model
from mmer.stages.tuned import FIXED, changed
from mmer.tuning.search import Search
from mmer.types.errors import InputError, nearest
from mmer.types.whole_file import whole_file

GROUP = "search"
OF_THE_MACHINE = ("device", "stack", "processes", "saw")
BUILT = ("labels", "protocol", "nodes", "edges", "motion_scaling", "sampling", "augment")  # without a model's sizes


def main(name: str) -> None:
    """Write artifacts/tune/NAME/config.json: all that a search depends on in conf/ and params.yaml, for DVC."""
    plan = Plan.read(name)
    sections = [plan.section(example) for example in plan.search.space.examples()]
    resolved = {
        "search": plan.search.to_dict(),
        "digest": plan.digest,
        "base": plan.base,
        "examples": sections,
        "datasets": {dataset: plan.out["datasets"][dataset] for dataset in plan.base["datasets"]},
        "modules": plan.out["inputs"][plan.search.name]["modules"],
    }
    with whole_file(paths.tune(name) / "config.json") as partial:
        partial.write_text(json.dumps(resolved, sort_keys=True), encoding="utf-8")


@dataclass
class Plan:
    """A search and the experiment that it is about.

    Parameters
    ----------
    file : Path
        Where it is written.
    search : Search
    choices, leaves : dict
        ``base`` and ``set``: the experiment as params.yaml would list it.
    entries : Entries
    out : dict
        As ``config.resolve`` returns: datasets with the graphs and signals of every trial that was composed, and under
        ``inputs`` the modules that these run.
    """

    file: Path
    search: Search
    choices: dict[str, Any]
    leaves: dict[str, Any]
    entries: Entries
    out: dict[str, Any]
    _sections: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str) -> "Plan":
        """Read conf/search/NAME.yaml and compose every example of its space, so that what is misspelt stops here.

        Raises
        ------
        InputError
            There is no such search, or a key, choice or value of it is wrong; the message names the place.
        """
        file = CONF / GROUP / f"{name}.yaml"
        params = read_params()
        if name not in options(GROUP):
            raise InputError(f"{CONF / GROUP}: there is no search {name!r}; {nearest(name, options(GROUP))}")
        written = _read(file)
        choices, leaves = (mapping(written.pop(key, None), f"{file}: {key}") for key in ("base", "set"))
        for key in ("seeds", "tuned"):
            if key in choices:
                raise InputError(f"{file}: base.{key} means nothing here; `seeds` stands beside `base`")
        search = Search.of(name, written, f"{file}")
        entries, out = Entries(), {"datasets": {}, "experiments": {}, "inputs": {}}
        for dataset, own in params["datasets"].items():
            values = params["set"]["datasets"].get(dataset) or {}
            places = (f"{paths.PARAMS}: datasets.{dataset}", f"{paths.PARAMS}: set.datasets.{dataset}")
            if dataset in mapping_names(choices.get("datasets")):
                out["datasets"][dataset] = entries.entry("datasets", dataset, own or {}, params["use"], values, places)
        for dataset in mapping_names(choices.get("datasets")):
            if dataset not in out["datasets"]:
                raise InputError(
                    f"{file}: base.datasets: {dataset!r} is not under `datasets` of {paths.PARAMS}; "
                    f"{nearest(dataset, params['datasets'])}"
                )
        plan = cls(file, search, choices, leaves, entries, out)
        plan._check()
        return plan

    @property
    def base(self) -> dict[str, Any]:
        """The section of the experiment as written, before any trial."""
        return self.section(())

    @property
    def digest(self) -> str:
        """The sha256 of what gives the search's result its meaning, but for the data."""
        return _digest([self.search.identity(), self.search.trials, self.base_digest])

    @property
    def base_digest(self) -> str:
        """The sha256 of the base, but for what belongs to the machine."""
        return _digest({key: value for key, value in self.base.items() if key not in OF_THE_MACHINE})

    def section(self, overrides: Sequence[str]) -> dict[str, Any]:
        """Return the resolved section under some overrides.

        Raises
        ------
        InputError
            They cannot be composed, or change what every trial must share.
        """
        key = tuple(overrides)
        if key not in self._sections:
            where = f"{self.file}: {f'space: trial {_words(key)}' if key else 'base'}"
            places = (where, where) if key else (where, f"{self.file}: set")
            own = changed(self.choices, self.leaves, key, where)
            name = self.search.name
            self._sections[key] = found = compose_experiment(self.entries, name, *own, places, self.out, trial=True)
            if key and (odd := [part for part in FIXED if found.get(part) != self.base.get(part)]):
                raise InputError(f"{where}: changes {odd[0]!r}, which must be the same for all trials")
        return self._sections[key]

    def inner_protocol(self) -> Any:
        """Return the protocol that makes inner folds.

        Raises
        ------
        InputError
            It does not exist, has no such key, or tests people that it trains on.
        """
        where, inner = f"{self.file}: inner", dict(self.search.inner)
        name = inner.pop("protocol", None)
        if name not in options("protocol"):
            raise InputError(f"{where}: conf/protocol has no {name!r}; {nearest(str(name), options('protocol'))}")
        try:
            protocol = build(read_option("protocol", name) | inner)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        if not getattr(protocol, "person_independent", True):
            raise InputError(
                f"{where}: {name} tests people that it trains on, so it would choose what recognises people; choose a "
                "protocol by subject, e.g. subject_kfold"
            )
        return protocol

    def _check(self) -> None:
        """Compose and build what can be had without data."""
        if not getattr(build(self.base["protocol"]), "person_independent", True) and self.search.mode == "nested":
            raise InputError(
                f"{self.file}: base.protocol {self.base['protocol']['name']} tests people that it trains on, so no "
                "search can leave them out; choose a protocol by subject"
            )
        self.inner_protocol()
        valid = (*GROUPS["experiments"], *LEAVES["experiments"])
        for parameter in self.search.space.parameters:
            group = parameter.key.partition(".")[0]
            if group not in valid:
                raise InputError(f"{self.file}: space: unknown key {parameter.key!r}; {nearest(group, valid)}")
            if "." not in parameter.key and group in GROUPS["experiments"]:
                for choice in parameter.choices:
                    if choice not in options(group):
                        raise InputError(
                            f"{self.file}: space: {group}: conf/{group} has no {choice!r}; "
                            f"{nearest(str(choice), options(group))}"
                        )
        for example in ((), *self.search.space.examples()):
            section = self.section(example)
            try:
                for group in (name for name in BUILT if name in section):
                    build(section[group])
                for node in section.get("signals", {}).values():
                    build(node)
                split_model(section["model"])
            except InputError as error:
                place = f"space: trial {_words(example)}" if example else "base"
                raise InputError(f"{self.file}: {place}: {error}") from error


def mapping_names(value: Any) -> list[str]:
    """Return the names that a list holds; what is no list is refused where the experiment is composed."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _read(file: Path) -> dict[str, Any]:
    """Read the yaml; OmegaConf takes 1e-4 for a number."""
    try:
        return mapping(OmegaConf.to_container(OmegaConf.load(file)), f"{file}")
    except UNREADABLE as error:
        raise InputError(f"{file}: not valid yaml: {error}") from error


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _words(overrides: Sequence[str]) -> str:
    return " ".join(overrides)
