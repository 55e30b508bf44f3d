"""The contract tests run over every yaml of a group: a new yaml is a new test case before anybody writes one."""

from conf_groups import GROUPS, corpora, models, options


def pytest_generate_tests(metafunc):
    """Give a test with an argument ``GROUP_name`` one case per yaml of that group.

    Models that are no networks have an argument of their own, ``classical_name``; so have corpora whose data are read
    from data/, for want of a synthetic release, ``stored_dataset_name``.
    """
    cases = {group: options(group) for group in GROUPS}
    cases |= {"dataset": corpora(synthetic=True), "stored_dataset": corpora(synthetic=False)}
    cases |= {"model": models(classical=False), "classical": models(classical=True)}
    cases |= {"fusion": [name for name in options("fusion") if name != "none"]}
    for group, names in cases.items():
        if f"{group}_name" in metafunc.fixturenames:
            metafunc.parametrize(f"{group}_name", names)


def pytest_collection_modifyitems(items):
    """Start the longest files first, so that no worker waits for one of them at the end."""
    longest = ["test_pipeline.py", "test_pyfeat_real.py", "test_real_input.py"]
    items.sort(key=lambda item: longest.index(item.path.name) if item.path.name in longest else len(longest))
