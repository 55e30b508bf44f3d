"""Who may talk to a scheduler: whoever can, runs code on every worker."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mmer.types.errors import InputError

if TYPE_CHECKING:
    from distributed import Security

OPTIONS = ("ca", "cert", "key")


@dataclass(frozen=True)
class Tls:
    """Files of a TLS connection, all three or none.

    Parameters
    ----------
    ca, cert, key : str
        Certificate of the authority, own certificate and its key, PEM files.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""

    def security(self, where: str) -> "Security | None":
        """Return them as Dask wants them; None where there are none.

        Raises
        ------
        InputError
            One of the three is not given or not there.
        """
        given = {option: getattr(self, option) for option in OPTIONS}
        if not any(given.values()):
            return None
        for option, path in given.items():
            if not path:
                raise InputError(f"{where}: TLS needs ca, cert and key; {option} is empty")
            if not Path(path).is_file():
                raise InputError(f"{where}: {option}: there is no file {path}")
        from distributed import Security

        return Security(
            tls_ca_file=self.ca, tls_client_cert=self.cert, tls_client_key=self.key,
            tls_scheduler_cert=self.cert, tls_scheduler_key=self.key,
            tls_worker_cert=self.cert, tls_worker_key=self.key,
            require_encryption=True,
        )  # fmt: skip


def temporary_files(folder: Path) -> Tls:
    """Make certificates for one command, as files that only this person reads; jobs are told their names."""
    from distributed import Security

    made = Security.temporary().get_tls_config_for_role("scheduler")
    paths = {}
    for option in OPTIONS:
        paths[option] = folder / f"{option}.pem"
        paths[option].touch(mode=0o600, exist_ok=False)
        paths[option].write_text(made["ca_file" if option == "ca" else option])
    return Tls(**{option: str(path) for option, path in paths.items()})


def check_address(address: str, tls: bool, insecure: bool, where: str) -> None:
    """Check the address of a scheduler.

    Parameters
    ----------
    address : str
        ``tcp://127.0.0.1:8786`` or ``tls://HOST:8786``.
    tls : bool
        Whether there are certificates.
    insecure : bool
        Whether a person said that the network is trusted.
    where : str
        For messages.

    Raises
    ------
    InputError
        It is no address, or an open one beyond this machine.
    """
    if not address:
        raise InputError(f"{where}: address is empty; give the scheduler's, e.g. tcp://127.0.0.1:8786")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{where}: address {address!r} is no address ({error})") from error
    whole = parts.scheme in ("tcp", "tls") and host and port and not (parts.path or parts.query or parts.fragment)
    if not whole or "@" in address:
        raise InputError(f"{where}: address {address!r} is not tcp://HOST:PORT or tls://HOST:PORT")
    if parts.scheme == "tls" and not tls:
        raise InputError(f"{where}: {address} needs the files ca, cert and key")
    if parts.scheme == "tcp" and tls:
        raise InputError(f"{where}: with ca, cert and key the address must be tls://..., got {address}")
    if parts.scheme == "tcp" and not insecure and not _loopback(host):
        raise InputError(
            f"{where}: {address} is another machine, and without TLS whoever reaches its port runs code there and "
            "here; give ca, cert and key and use tls://, or set `insecure: true` in a network that you trust"
        )


def _loopback(host: str) -> bool:
    """Say whether a host is this machine, by its name alone: nothing is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
