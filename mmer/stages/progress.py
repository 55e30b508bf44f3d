"""Progress of long stages: a bar with the time left on a terminal, plain lines elsewhere."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

log = logging.getLogger("mmer")
Item = TypeVar("Item")
SECONDS_BETWEEN_LINES = 15.0


def progress(items: Iterable[Item], total: int, label: str, unit: str = "clip") -> Iterator[Item]:
    """Yield items and say how far we are.

    Parameters
    ----------
    items : iterable
    total : int
        How many there will be.
    label : str
        ``motion casme2``.
    unit : str
        What an item is, in the singular.
    """
    start = said = time.monotonic()
    done = 0
    bar = tqdm(total=total, desc=label, unit=unit, disable=None, file=sys.stderr)
    with bar:
        for item in items:
            yield item
            done += 1
            bar.update()
            now = time.monotonic()
            if bar.disable and now - said > SECONDS_BETWEEN_LINES and done < total:
                said = now
                left = (now - start) / done * (total - done)
                log.info("%s: %d/%d %ss, %.0f s left", label, done, total, unit, left)
    seconds = time.monotonic() - start
    per_item = 1000 * seconds / done if done else 0.0
    log.info("%s: %d %ss in %.1f s (%.0f ms per %s)", label, done, unit, seconds, per_item, unit)
