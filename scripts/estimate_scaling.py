"""Estimate how long a nested LOSO of all models takes, from 2 cores to 64 nodes; docs/cluster.md shows the table.

Measured are the seconds per LOSO of every model in docs/results.md (processor time of all folds under one seed, 12
subjects, small recipes). Everything else is an assumption that an option changes:

- a training takes its LOSO's seconds / 12, in proportion to its number of training subjects;
- per outer fold one search: trials x inner folds trainings, on the other subjects less an inner fold; a search asks for
  `generation` trials at once and waits for all of them, because the next are drawn from their scores;
- then every outer fold is trained under every seed with what its search found;
- models do not wait for each other; workers take what can be done, long trainings first; a worker is one core and no
  training uses two;
- every worker first imports torch for some seconds, every training costs a little to send and to fetch, and one
  scheduler serves so many a second;
- no stacks (they save processor time: docs/training.md), no queue before jobs start, no machine of another speed.

    python scripts/estimate_scaling.py [--subjects 12 24] [--trials 30] [--search-per-seed] [--write]
"""

import argparse
import heapq
import re
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "docs" / "results.md", ROOT / "docs" / "cluster.md"
MARKS = "<!-- estimate: scripts/estimate_scaling.py -->", "<!-- end of estimate -->"
MEASURED_SUBJECTS = 12  # of the synthetic casme2
ROW = re.compile(r"^\| (\w+) +\| (?:demo|full) +\| \d+ +\| [\d,–]+ +\| ([\d.]+) +\|")
CORES = 2  # of a laptop


def measured(path=RESULTS):
    """Model -> seconds per LOSO."""
    rows = [ROW.match(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row[1]: float(row[2]) for row in rows if row}


def rounds(seconds, subjects, options):
    """What one model asks for: lists of (seconds, how many), each to be done before the next begins."""
    one = seconds / MEASURED_SUBJECTS  # on 11 subjects
    per_subject = one / (MEASURED_SUBJECTS - 1)
    inner = per_subject * (subjects - 1) * (1 - 1 / options.inner)
    outer = per_subject * (subjects - 1)
    searches = options.seeds if options.search_per_seed else 1
    generations = [options.generation] * (options.trials // options.generation)
    if options.trials % options.generation:
        generations.append(options.trials % options.generation)
    asked = [(inner * options.factor, trials * options.inner * subjects * searches) for trials in generations]
    return [*asked, (outer * options.factor, subjects * options.seeds)]


def makespan(models, workers, overhead, start, rate):
    """Wall seconds of list scheduling: a free worker takes the longest training that may begin."""
    ready, running, ticket, served = [], [], count(), start
    left = {}
    for name, todo in models.items():
        offer(ready, name, todo[0], ticket)
        left[name] = [todo[0][1], *todo[1:]]
    free, now = workers, start
    while ready or running:
        while ready and free:
            minus, _, name, number = heapq.heappop(ready)
            taken = min(number, free)
            free -= taken
            served = max(now, served) + taken / rate
            heapq.heappush(running, (served - minus + overhead, next(ticket), name, taken))
            if number > taken:
                heapq.heappush(ready, (minus, next(ticket), name, number - taken))
        now, _, name, taken = heapq.heappop(running)
        free += taken
        left[name][0] -= taken
        if left[name][0] == 0 and len(left[name]) > 1:
            _, following, *rest = left[name]
            left[name] = [following[1], *rest]
            offer(ready, name, following, ticket)
    return now


def offer(ready, name, todo, ticket):
    """Let so many trainings begin."""
    seconds, number = todo
    heapq.heappush(ready, (-seconds, next(ticket), name, number))


def words(seconds):
    """90 -> 1.5 min."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * (1.5 if unit == "d" else 1):
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def table(options):
    """The estimate as Markdown."""
    models = measured()
    if not models:
        raise SystemExit(f"{RESULTS} has no table of models; `mmer table models --write-docs` writes it")
    lines = []
    for subjects in options.subjects:
        asked = {name: rounds(seconds, subjects, options) for name, seconds in models.items()}
        total = sum(seconds * number for todo in asked.values() for seconds, number in todo)
        trainings = sum(number for todo in asked.values() for _, number in todo)
        longest = max(sum(seconds for seconds, _ in todo) for todo in asked.values())
        lines += [
            f"**{subjects} outer folds**: {len(models)} models, {trainings:,} trainings, {total / 3600:,.1f} core "
            f"hours. No number of workers is faster than {words(longest + options.start)}: one search's generations "
            "and a final fold, one after the other.",
            "",
            "| machine | workers | wall time | speed-up | of the workers' time, used |",
            "|---|---:|---:|---:|---:|",
        ]
        places = [("1 core", 1), (f"laptop, {CORES} cores", CORES)]
        places += [(f"{nodes} node{'s' if nodes > 1 else ''} of {options.cores} cores", nodes * options.cores)
                   for nodes in (1, 2, 4, 8, 16, 32, 64)]  # fmt: skip
        alone = None
        for said, workers in places:
            wall = makespan(asked, workers, options.overhead, options.start, options.rate)
            alone = alone or wall
            lines.append(
                f"| {said} | {workers} | {words(wall)} | {alone / wall:,.0f} | {total / (wall * workers):.0%} |"
            )
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main():
    """Print the table, or write it into docs/cluster.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, nargs="+", default=[12, 24], help="outer folds")
    parser.add_argument("--trials", type=int, default=30, help="per outer fold")
    parser.add_argument("--generation", type=int, default=15, help="trials that are trained together")
    parser.add_argument("--inner", type=int, default=4, help="inner folds")
    parser.add_argument("--seeds", type=int, default=10, help="of the final trainings")
    parser.add_argument("--search-per-seed", action="store_true", help="search anew for every seed")
    parser.add_argument("--cores", type=int, default=32, help="of a node")
    parser.add_argument("--factor", type=float, default=1.0, help="how much slower your recipe, clips or machine are")
    parser.add_argument("--overhead", type=float, default=0.02, help="seconds to send and fetch a training")
    parser.add_argument("--rate", type=float, default=300.0, help="trainings that one scheduler serves per second")
    parser.add_argument("--start", type=float, default=20.0, help="seconds until a worker has imported torch")
    parser.add_argument("--write", action="store_true", help="put it into docs/cluster.md")
    options = parser.parse_args()
    made = table(options)
    print(made)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, rest = text.split(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n\n{made}\n{MARKS[1]}{rest.split(MARKS[1])[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
