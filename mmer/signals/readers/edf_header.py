"""The header of EDF and BDF files: what MNE does not keep of it.

Kemp and Olivan, "European data format 'plus' (EDF+), an EDF alike standard format for the exchange of physiological
data", Clinical Neurophysiology 114, 2003.
"""

from dataclasses import dataclass
from pathlib import Path

from mmer.types.errors import InputError, listing

MAX_SIGNALS = 4096
APPLIED = {"uV": 1e-6, "\u00b5V": 1e-6, "\u03bcV": 1e-6, "mV": 1e-3}  # what MNE multiplies the numbers of a unit by


@dataclass(frozen=True)
class EdfHeader:
    """What the header of an EDF or BDF file says of its signals.

    Parameters
    ----------
    labels : tuple of C str
    dimensions : tuple of C str
        The physical units, as the file writes them.
    samples : tuple of C int
        Per record.
    record : float
        Seconds of a record.
    plain : tuple of C bool
        Whether the physical numbers are the stored ones.
    """

    labels: tuple[str, ...]
    dimensions: tuple[str, ...]
    samples: tuple[int, ...]
    record: float
    plain: tuple[bool, ...]

    @property
    def signals(self) -> list[int]:
        """Which of them are signals, not annotations."""
        return [row for row, label in enumerate(self.labels) if label not in ("EDF Annotations", "BDF Annotations")]

    def units(self) -> list[str]:
        """Return the unit of every signal."""
        return [self.dimensions[row] for row in self.signals]

    def applied(self) -> list[float]:
        """Return what MNE multiplies the numbers of every signal by."""
        codes = self.codes() or []
        labels = self.labels
        return [1.0 if labels[row] in codes else APPLIED.get(self.dimensions[row], 1.0) for row in self.signals]

    def codes(self) -> list[str] | None:
        """Name BioSemi's channel of triggers, of which MNE reads the bits; None where there is none.

        MNE would take the stored numbers of any channel called Trigger or Status, also where they are no codes.
        """
        found = [label for label, plain in zip(self.labels, self.plain, strict=True) if plain]
        return [label for label in found if label.casefold() == "status"] or None

    def rates(self) -> list[float]:
        """Return the sampling rate of every signal, hertz."""
        return [self.samples[row] / self.record for row in self.signals]

    def check_rates(self, path: Path) -> None:
        """Refuse a file whose signals have several sampling rates.

        MNE resamples the slower ones piece by piece, so what one reads would depend on where the piece begins.
        """
        found: dict[float, list[str]] = {}
        for row, rate in zip(self.signals, self.rates(), strict=True):
            found.setdefault(rate, []).append(self.labels[row])
        if len(found) > 1:
            said = "; ".join(f"{listing(names)}: {rate:g} Hz" for rate, names in sorted(found.items()))
            raise InputError(
                f"{path}: its channels have several sampling rates ({said}); write one file per rate, e.g. with "
                "mne.io.read_raw_edf(path, include=[...]).export(...)"
            )


def read(path: Path) -> EdfHeader:
    """Read the header.

    Raises
    ------
    InputError
        It is damaged or cut off.
    """
    try:
        with path.open("rb") as file:
            fixed = file.read(256)
            count = int(fixed[252:256])
            if not 0 < count <= MAX_SIGNALS:
                raise ValueError(f"{count} signals")
            rest = file.read(256 * count)
        if len(rest) < 256 * count:
            raise ValueError("it is cut off")

        def column(start: int, width: int) -> list[str]:
            at = start * count
            texts = [rest[at + width * row : at + width * (row + 1)] for row in range(count)]
            return [text.decode("latin-1").strip() for text in texts]

        samples = tuple(int(text) for text in column(216, 8))
        if min(samples) < 1:
            raise ValueError(f"{min(samples)} samples in a record")
        low, high, lowest, highest = (column(at, 8) for at in (104, 112, 120, 128))
        plain = tuple(
            [*map(float, physical)] == [*map(float, stored)]
            for physical, stored in zip(zip(low, high, strict=True), zip(lowest, highest, strict=True), strict=True)
        )
        header = EdfHeader(tuple(column(0, 16)), tuple(column(96, 8)), samples, float(fixed[244:252]), plain)
        # A file of annotations alone may have records of no length.
        if header.signals and not header.record > 0:
            raise ValueError(f"a record of {header.record} s")
        return header
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: the header of this EDF or BDF file is damaged ({error}); copy it again") from error
