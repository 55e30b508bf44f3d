"""Storage: where trials are kept. SQLite for one machine, a journal file, or a database for many; opened with refusals.

Optuna's own first start is not safe against several workers at once on SQLite ("table studies already exists"), so
whoever opens or makes something here does it under a lock: of a file beside SQLite and the journal, of the server on
PostgreSQL.

SQLite is opened with a write-ahead log (no wait for the disk at every step), and every transaction takes the write lock
from its start: Optuna reads a trial's state and then changes it, and SQLite has no lock for rows, so two workers could
take one trial.
"""

import fcntl
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from mmer.tuning.search import StorageOptions
from mmer.types.errors import InputError

SECONDS_TO_CONNECT = 5
SECONDS_TO_WAIT = 60  # for another worker's transaction
LOCK = 0x6D6D6572  # `mmer`: the number of the server's lock
# File systems of several machines: SQLite's locks do not hold there, nor does its write-ahead log.
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "lustre", "beegfs", "gpfs", "ceph", "fuse.sshfs", "fuse.glusterfs", "9p")

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Storage:
    """An open storage.

    Parameters
    ----------
    optuna : BaseStorage
        What Optuna's functions take.
    shown : str
        Its URL without a password, for messages.
    exclusive : callable
        ``with storage.exclusive():`` lets one process at a time in: of this machine for files, of all for a server.
    """

    optuna: optuna.storages.BaseStorage
    shown: str
    exclusive: Callable[[], AbstractContextManager[None]]

    def close(self) -> None:
        """Let go of a database's connections; the next use opens them again."""
        if engine := getattr(getattr(self.optuna, "_backend", None), "engine", None):
            engine.dispose()


def open_storage(url: str, folder: Path, name: str, options: StorageOptions | None = None) -> Storage:
    """Open a storage; it is made where it is missing.

    Parameters
    ----------
    url : str
        ``sqlite`` or ``journal`` (a file ``NAME.db`` or ``NAME.log`` in the folder), ``journal:///PATH``, or an
        SQLAlchemy URL. ``postgresql://`` means psycopg 3.
    folder : Path
        For private state.
    name : str
        Of the search.
    options : StorageOptions, optional
        Not needed to read.

    Raises
    ------
    InputError
        The URL is none, its driver is not installed, the server cannot be reached within seconds, or the database
        does not speak UTF8.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url in ("journal", "sqlite"):
        url = f"{url}:///{folder / name}.{'log' if url == 'journal' else 'db'}"
    if url.startswith("journal:///"):
        return _journal(url)
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InputError(
            f"storage {_masked(url)!r}: not a URL; write sqlite, journal, or postgresql://USER@HOST/DATABASE"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return _server(parsed)


@contextmanager
def refusals(shown: str, password: str | None = None) -> Iterator[None]:
    """Turn a database's errors into words for a person, without the password."""
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error.__cause__ or error
        said = str(getattr(cause, "orig", None) or cause).strip().split("\n")[0]
        said = said.replace(password, "***") if password else said
        raise InputError(
            f"storage {shown}: cannot be used: {said}. Is the server up, and are host, port, database and user right? "
            "What was tried so far is kept; run the command again when it can be reached"
        ) from None  # the cause may hold the password


def _journal(url: str) -> Storage:
    path = Path(url.removeprefix("journal:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with _file_lock(path):
        # Made here, not by Optuna, which locks nothing while it does.
        lock = JournalFileSymlinkLock(str(path))
        backend = JournalFileBackend(str(path), lock_obj=lock)
        lock.acquire()
        try:
            _mend(path)
        finally:
            lock.release()
        try:
            storage = optuna.storages.JournalStorage(backend)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"storage {path}: not a journal of Optuna ({error}); move it away, or name another"
            ) from error
    return Storage(storage, f"journal:///{path}", lambda: _file_lock(path))


def _mend(path: Path) -> None:
    """Cut off a last line that a power cut left half written: nothing could be appended behind it.

    Raises
    ------
    InputError
        It is another kind of file.
    """
    with path.open("rb+") as file:
        whole = file.read()
        if whole and not whole.startswith(b'{"'):
            raise InputError(f"storage {path}: not a journal of Optuna; move it away, or name another file")
        if whole and not whole.endswith(b"\n"):
            log.warning("storage %s: its last line is torn and is dropped", path)
            file.truncate(whole.rfind(b"\n") + 1)


def _sqlite(url: sa.URL) -> Storage:
    if url.database in (None, "", ":memory:"):
        raise InputError("storage sqlite://: in memory no other worker and no later run finds it; name a file")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size and _head(path) != b"SQLite format 3\0":
        raise InputError(f"storage {path}: not an SQLite database; move it away, or name another file")
    system = file_system(path.parent)
    if system in NETWORK:
        log.warning(
            "storage %s: SQLite on %s, a file system of several machines, may lose trials when workers of two machines "
            "join; set storage.url to journal or to a PostgreSQL database",
            path,
            system,
        )
    journal_mode = "DELETE" if system in NETWORK else "WAL"

    def start(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in (f"journal_mode = {journal_mode}", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}").close()

    shown = url.render_as_string(hide_password=True)
    with _file_lock(path), refusals(shown):
        storage = _rdb(url, {"connect_args": {"timeout": SECONDS_TO_WAIT}}, start)
    return Storage(storage, shown, lambda: _file_lock(path))


def _rdb(url: sa.URL, engine: dict[str, Any], on_connect: Callable[..., None] | None = None) -> Any:
    """Open a database by Optuna; of SQLite every connection is set up, and every transaction locks at once."""
    text = url.render_as_string(hide_password=False)
    storage = optuna.storages.RDBStorage(text, engine_kwargs=engine)
    if on_connect:
        sa.event.listen(storage.engine, "connect", on_connect)
        sa.event.listen(storage.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        storage.engine.dispose()  # connections from before the listeners
    return optuna.storages.get_storage(storage)


def _server(url: sa.URL) -> Storage:
    """Open a database server."""
    shown, arguments = url.render_as_string(hide_password=True), {}
    postgresql = url.get_backend_name() == "postgresql"
    if postgresql:
        # client_encoding: without it a database that knows no encoding cannot even be asked for it
        arguments = {"connect_timeout": SECONDS_TO_CONNECT, "client_encoding": "utf8"}
    engine = {"connect_args": arguments, "pool_pre_ping": True}
    try:
        probe = sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
    except NoSuchModuleError as error:
        raise InputError(
            f"storage {shown}: {url.drivername!r} is no database that is known here; write sqlite, journal, or "
            "postgresql://USER@HOST/DATABASE"
        ) from error
    except ImportError as error:
        extra = "; pip install 'mmer-lab[postgresql]'" if postgresql else ""
        raise InputError(f"storage {shown}: the driver {error.name!r} is not installed{extra}") from error

    @contextmanager
    def exclusive() -> Iterator[None]:
        if not postgresql:
            yield
            return
        with probe.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
            try:
                yield
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))

    with refusals(shown, url.password):
        if postgresql:
            _check_encoding(probe, shown, url.database)
        with exclusive():
            storage = _rdb(url, engine)
    return Storage(storage, shown, exclusive)


def _check_encoding(engine: sa.Engine, shown: str, database: str | None) -> None:
    with engine.connect() as connection:
        encoding = connection.execute(sa.text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise InputError(
            f"storage {shown}: the encoding of the database is {encoding}, and names need UTF8; make another: "
            f"createdb --encoding=UTF8 --template=template0 {database or 'DATABASE'}_utf8"
        )


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Let one process of this machine in at a time; the lock goes with a process that dies."""
    with path.with_name(f"{path.name}.opening").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # a file system without locks; two workers should not start in the same second there
            log.warning("storage %s: its file system has no locks; start one worker before the others", path)
        yield


def file_system(folder: Path) -> str:
    """Return the type of the file system that a folder lies on, such as ext4; empty where that is not known."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return ""
    folder = folder.resolve()
    best, found = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), before.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), after.split()[0]
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _masked(url: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
