"""Render the report from predictions and artifacts; nothing is trained or computed anew."""

import json
import logging
import shutil

from mmer.report.exports import FOLDERS, exports
from mmer.report.metrics_file import metrics_json
from mmer.report.page import render
from mmer.report.published import load
from mmer.report.results import measure
from mmer.report.side_by_side import markdown, side_by_side
from mmer.report.streams_table import streams_markdown, streams_table
from mmer.report.terminal import markdown_table
from mmer.stages import paths
from mmer.stages.read_config import read_all
from mmer.stages.report_records import dataset_record, experiment_record
from mmer.stages.stage_cost import stage_records
from mmer.types.whole_file import whole_file

log = logging.getLogger("mmer")


def main() -> None:
    """Write the report, the files beside it, and metrics.json: of every experiment or row that has predictions."""
    config = read_all()
    names = [name for name in config["experiments"] if paths.predictions(name).is_file()]
    for name in sorted(set(config["experiments"]) - set(names)):
        command = f"mmer table {paths.current_table()}" if paths.current_table() else f"dvc repro evaluate@{name}"
        log.warning("report: experiment %s has no predictions yet; `%s` makes them", name, command)
    results = measure([experiment_record(name, config["experiments"][name]) for name in names])
    shown = [config["experiments"][name] for name in names]
    datasets = [
        dataset_record(name, section, shown)
        for name, section in config["datasets"].items()
        if paths.motion(name).is_file()
    ]
    published, table = load(), paths.current_table()
    models = side_by_side(results, config.get("recipes"), published) if table else None
    beside = exports(results, datasets, config["datasets"], published, models)
    page = render(results, datasets, {}, published, models, stages=stage_records(config), exports=beside)
    streams = streams_table(results) if table else None
    tables = ([markdown(models)] if models else []) + ([streams_markdown(streams)] if streams else [])
    for path, text in (
        *([(paths.here(paths.MODELS), "\n".join(tables))] if tables else []),
        (
            paths.here(paths.METRICS),
            json.dumps(metrics_json(results), indent=2, sort_keys=True, allow_nan=False) + "\n",
        ),
        (paths.here(paths.REPORT), page),
    ):
        with whole_file(path) as partial:
            partial.write_text(text, encoding="utf-8")
    _write_beside(beside.files)
    printed = [markdown(models, published=False)] if models else [markdown_table(results)]
    printed = "\n".join([*printed, *([streams_markdown(streams)] if streams else [])])
    print(f"{printed}\n\nThe report: {paths.here(paths.REPORT).resolve()}")


def _write_beside(files: dict[str, bytes]) -> None:
    """Write what lies beside the page, and nothing that an earlier report left there."""
    folder = paths.here(paths.REPORT).parent
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name, content in files.items():
        with whole_file(folder / name) as partial:
            partial.write_bytes(content)
