"""Which published results are of which of our models, for tables that show every model."""

from collections.abc import Sequence

from mmer.report.published import Result

# Model of conf/model -> names of the method in the published results. Only the same network: a re-run by other authors
# is one, a successor is not. Models that are not here have no published result on whole clips.
METHODS: dict[str, tuple[str, ...]] = {
    "au_gacn": ("AU-GACN", "AU-GACN + AU-ICGAN"),
    "dssnet": ("DSSN",),
    "dual_inception": ("Dual-Inception",),
    "fgrl": ("FGRMER",),
    "graph_tcn": ("Graph-TCN",),
    "lr_gacn": ("LR-GACNN",),
    "mer_gcn": ("MER-GCN",),
    "off_apexnet": (
        "OFF-ApexNet",
        "OFF-ApexNet, re-run",
        "OFF-ApexNet, re-run with early stopping on the test subject",
    ),
    "rcn_a": ("RCN-A", "RCN"),
    "resnet18": ("ResNet18",),
    "sssnet": ("SSSNet",),
    "ststnet": (
        "STSTNet",
        "STSTNet, Python version",
        "STSTNet, re-run",
        "STSTNet, re-run with early stopping on the test subject",
    ),
}
# What is shown first, and alone where there is room for one.
ORDER = ("composite_loso", "loso", "cross_dataset", "leave_one_video_out", "cd6me")
OWN = {names[0] for names in METHODS.values()}  # as the paper has it; the others are re-runs and variants


def of_model(name: str, results: Sequence[Result]) -> tuple[Result, ...]:
    """Return the published results of a model that have a score, person-independent ones on most corpora first.

    Unlike ``mmer.report.published.matching`` this asks neither for the same classes nor for the same corpora: whoever
    shows them must say of each what it was evaluated on, and that it cannot be compared.
    """
    found = [one for one in results if one.method in METHODS.get(name, ()) and one.headline]
    return tuple(sorted(found, key=_rank))


def _rank(result: Result) -> tuple:
    place = ORDER.index(result.protocol) if result.protocol in ORDER else len(ORDER)
    return place, result.classes != 3, result.method not in OWN, result.corpora, result.method, result.ref
