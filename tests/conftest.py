"""The contract tests run over every yaml of a group: a new yaml is a new test case before anybody writes one."""

from pathlib import Path

CONF = Path(__file__).parent.parent / "conf"
GROUPS = ("dataset", "faces", "motion", "nodes", "edges", "labels", "protocol", "model", "loss", "experiment")


def options(group: str) -> list[str]:
    """Names of the yaml files in one group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def pytest_generate_tests(metafunc):
    """Give a test with an argument ``GROUP_name`` one case per yaml of that group."""
    for group in GROUPS:
        if f"{group}_name" in metafunc.fixturenames:
            metafunc.parametrize(f"{group}_name", options(group))
