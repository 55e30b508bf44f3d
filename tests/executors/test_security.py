"""Who may talk to a scheduler."""

import pytest

from mmer.executors.dask_address import DaskAddress
from mmer.types.errors import InputError


@pytest.fixture
def files(tmp_path):
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text(name)
    return {name: str(tmp_path / f"{name}.pem") for name in ("ca", "cert", "key")}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "address is empty"),
        ("tcp://10.0.0.7:8786", "another machine, and without TLS"),
        ("tcp://0.0.0.0:8786", "another machine"),
        ("tcp://node7:8786", "another machine"),
        ("tcp://localhost.example.org:8786", "another machine"),
        ("tcp://127.0.0.1.example.org:8786", "another machine"),
        ("tcp://[fe80::1]:8786", "another machine"),
        ("tls://127.0.0.1:8786", "needs the files ca, cert and key"),
        ("tcp://127.0.0.1@10.0.0.7:8786", "is not tcp://HOST:PORT"),
        ("tcp://127.0.0.1:8786/../x", "is not tcp://HOST:PORT"),
        ("tcp://127.0.0.1", "is not tcp://HOST:PORT"),
        ("tcp://127.0.0.1:99999", "is no address"),
        ("tcp://[::1:8786", "is no address"),
        ("http://127.0.0.1:8786", "is not tcp://HOST:PORT"),
        ("inproc://127.0.0.1:8786", "is not tcp://HOST:PORT"),
        ("127.0.0.1:8786", "is not tcp://HOST:PORT"),
    ],
)
def test_an_open_or_odd_address_is_refused(address, message):
    with pytest.raises(InputError, match=message):
        DaskAddress(address=address, wait=0.2).client()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tcp://[::1]:9", "tcp://localhost:9"])
def test_this_machine_is_asked(address):
    with pytest.raises(InputError, match="no scheduler answers"):
        DaskAddress(address=address, wait=0.2).client()


def test_a_trusted_network_is_asked():
    with pytest.raises(InputError, match="no scheduler answers"):
        DaskAddress(address="tcp://127.1.2.3:9", wait=0.2, insecure=True).client()


def test_files_of_tls_reach_dask(files):
    security = DaskAddress(address="tls://node7:8786", **files).security("here")
    assert security.require_encryption
    for role in ("client", "scheduler", "worker"):
        told = security.get_tls_config_for_role(role)
        assert (told["ca_file"], told["cert"], told["key"]) == (files["ca"], files["cert"], files["key"])


def test_tls_is_all_or_nothing(files):
    with pytest.raises(InputError, match="TLS needs ca, cert and key; key is empty"):
        DaskAddress(address="tls://node7:8786", ca=files["ca"], cert=files["cert"]).client()
    with pytest.raises(InputError, match=r"cert: there is no file /nowhere"):
        DaskAddress(address="tls://node7:8786", **files | {"cert": "/nowhere"}).client()
    with pytest.raises(InputError, match="must be tls://"):
        DaskAddress(address="tcp://127.0.0.1:8786", **files).client()
