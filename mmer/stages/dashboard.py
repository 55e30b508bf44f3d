"""``mmer dashboard NAME``: the trials of a search in a browser, with the files beside them, to look at."""

import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from mmer.stages import paths
from mmer.stages.build import CONF, options, read_option
from mmer.tuning.artifacts import open_artifacts
from mmer.tuning.search import Search
from mmer.tuning.storage import Storage, open_storage
from mmer.types.errors import InputError, nearest

FILES = {"sqlite": "db", "journal": "log"}  # storages that are a file of the search
STORAGE = "MMER_OPTUNA_STORAGE"
READING = ("GET", "HEAD")
log = logging.getLogger("mmer")


def main(name: str, host: str = "127.0.0.1", port: int = 8080, insecure: bool = False) -> None:
    """Serve the dashboard until Ctrl-C.

    Parameters
    ----------
    name : str
        Stem of a file in conf/search.
    host : str
        Address to listen on.
    port : int
        0: any free one.
    insecure : bool
        Allow an address that other machines reach.

    Raises
    ------
    InputError
        There is no such search, or nothing was tried yet; the address is not loopback, or cannot be had.
    """
    with make_server(name, host, port, insecure) as server:
        print(server.about, flush=True)
        server.serve_forever()


class Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at once: a browser asks for the next page while the last one still loads."""

    daemon_threads = True
    about = ""

    def __init__(self, host: str, port: int, app: Callable[..., Any]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Quiet)
        self.set_app(app)


class Quiet(WSGIRequestHandler):
    """Leaves the terminal to the person."""

    def log_message(self, format: str, *args: Any) -> None:
        """Note a request where somebody wants to see it."""
        log.debug(format, *args)


def make_server(name: str, host: str, port: int, insecure: bool) -> Server:
    """Open the storage of a search and listen; see ``main``."""
    if find_spec("optuna_dashboard") is None:
        raise InputError("optuna-dashboard is not installed; pip install 'mmer-lab[dashboard]'")
    alone = is_loopback(host)
    if not alone and not insecure:
        raise InputError(
            f"--host {host}: other machines would reach the dashboard, which asks for no password and encrypts "
            f"nothing. From another machine use a tunnel: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE; or, in a "
            "network that you trust, add --insecure"
        )
    storage, studies = trials_of(name)
    from optuna_dashboard import wsgi

    app = guarded(wsgi(storage.optuna, artifact_store=open_artifacts(paths.optuna_files(name))), alone)
    try:
        server = Server(host, port, app)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on {host}, port {port}: {said}; --port 0 takes any free port") from error
    shown = f"[{host}]" if ":" in host else host
    place = f"http://{shown}:{server.server_port}/dashboard"
    if len(studies) == 1:
        place += f"/studies/{next(iter(studies.values()))}"
    many = f"{len(studies)} studies" if len(studies) > 1 else "1 study"
    server.about = f"search {name}: {many} in {storage.shown}\n{place}  (Ctrl-C ends it)"
    return server


def is_loopback(host: str) -> bool:
    """Say whether an address is reached from this machine alone.

    Raises
    ------
    InputError
        It is no address.
    """
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        raise InputError(f"--host {host!r}: no address of this machine; leave it out, or write 127.0.0.1") from error
    return all(ipaddress.ip_address(entry[4][0].partition("%")[0]).is_loopback for entry in found)


def trials_of(name: str) -> tuple[Storage, dict[str, int]]:
    """Open the storage of a search; return it with its studies: name -> number in the dashboard.

    Raises
    ------
    InputError
        There is no such search, its storage cannot be reached, or it holds no study of it.
    """
    if name not in options("search"):
        raise InputError(f"{CONF / 'search'}: there is no search {name!r}; {nearest(name, options('search'))}")
    written = {key: value for key, value in read_option("search", name).items() if key not in ("base", "set")}
    search = Search.of(name, written, f"{CONF / 'search' / name}.yaml")
    url = os.environ.get(STORAGE, search.storage.url)
    nothing = f"the search {name} has no trials yet"
    if url in FILES and not (paths.OPTUNA / f"{name}.{FILES[url]}").is_file():
        raise InputError(f"{nothing} on this machine; `mmer tune {name}` makes them")  # opening would make an empty one
    storage = open_storage(url, paths.OPTUNA, name, search.storage)
    studies = {
        study.study_name: study._study_id
        for study in storage.optuna.get_all_studies()
        if study.study_name.startswith(f"{name}/")
    }
    if not studies:
        raise InputError(f"{nothing} in {storage.shown}; `mmer tune {name}` makes them")
    return storage, studies


def guarded(app: Callable[..., Any], alone: bool) -> Callable[..., Any]:
    """Let requests through that only read, and on loopback those alone that were meant for this machine.

    The dashboard's own buttons can delete a study or tell a trial a score, and nothing that is adopted may come from
    there. And a page of another site, whose name its owner lets point to 127.0.0.1, could read what is tried here:
    a browser then sends that name.
    """

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in READING:
            return _refuse(start_response, "405 Method Not Allowed", "mmer dashboard only shows; nothing was changed")
        if alone and not _is_local(environ.get("HTTP_HOST", "")):
            return _refuse(start_response, "403 Forbidden", "ask for http://127.0.0.1 or http://localhost")
        return app(environ, start_response)

    return serve


def _is_local(name: str) -> bool:
    """Say whether a browser asked for this machine by a name that nobody else can own."""
    try:
        host = urlsplit(f"//{name}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse(start_response: Callable[..., Any], status: str, text: str) -> Iterable[bytes]:
    body = f'{{"reason": "{text}"}}'.encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
