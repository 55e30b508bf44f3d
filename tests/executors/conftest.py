"""A cluster that the tests of a file share."""

import pytest

from dask_cluster import Cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()
