"""Set single values of a composed entry in place."""

from omegaconf import DictConfig, ListConfig, OmegaConf

from mmer.types.errors import InputError, nearest


def merge_leaves(config: DictConfig, leaves: dict, where: str) -> None:
    """Set leaves in place; a key that does not exist yet is a misspelt one.

    Parameters
    ----------
    config : DictConfig
    leaves : dict
        What a person wrote, nested like ``config``.
    where : str
        Where that stands, for messages.

    Raises
    ------
    InputError
        A key is unknown, or a value is of another kind than the one it replaces.
    """
    if not isinstance(leaves, dict):
        raise InputError(f"{where} must be a mapping, got {leaves!r}")
    for key, value in leaves.items():
        if key not in config.keys():  # noqa: SIM118 (`in config` is False while missing)
            own = [name for name in config if name not in ("_target_", "name")]
            raise InputError(f"{where}: unknown key {key!r}; {nearest(key, own)}")
        present = None if OmegaConf.is_missing(config, key) else config[key]
        if isinstance(present, DictConfig) and len(present):
            merge_leaves(present, value, f"{where}.{key}")
        elif isinstance(value, dict) and present is not None and not isinstance(present, DictConfig):
            raise InputError(f"{where}.{key}: expected one value such as {present!r}, got the mapping {value!r}")
        elif isinstance(present, ListConfig) and not isinstance(value, list):
            raise InputError(f"{where}.{key}: expected a list such as {list(present)!r}, got {value!r}")
        elif isinstance(present, bool) and not isinstance(value, bool):
            raise InputError(f"{where}.{key}: expected true or false, got {value!r}")
        elif isinstance(present, int | float) and isinstance(value, str):
            raise InputError(f"{where}.{key}: expected a number such as {present!r}, got {value!r}")
        else:
            config[key] = value
