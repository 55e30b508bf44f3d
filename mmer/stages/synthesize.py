"""Write a synthetic release of a corpus."""

from pathlib import Path

from mmer.stages.progress import progress
from mmer.synthetic.release import write_full_release, write_release


def main(corpus: str, out: str, full_table: bool = False, **options) -> None:
    """Write a release and say what is in it. ``options`` are those of ``mmer.synthetic.release.write_release``.

    With ``full_table`` of them only the seed has a meaning.
    """
    if full_table:
        summary = write_full_release(corpus, Path(out), options["seed"])
    else:
        summary = write_release(
            corpus,
            Path(out),
            progress=lambda items, total: progress(items, total, f"synthesize {corpus}", "subject"),
            **options,
        )
    print(f"{out}: " + ", ".join(f"{key} {value}" for key, value in summary.items()))
