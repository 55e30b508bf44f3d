"""Which networks of braindecode (1.8.1) can be trained in a stack of folds, and which cannot, with the reason.

A name is in ``NETWORKS`` because tests/models/test_braindecode_net.py compares it with the library's network, and three
folds of it in a stack with the same folds alone.
"""

NETWORKS = (
    "AttentionBaseNet",
    "CTNet",
    "Deep4Net",
    "EEGConformer",
    "EEGITNet",
    "EEGInceptionERP",
    "EEGInceptionMI",
    "EEGNeX",
    "EEGNet",
    "EEGSimpleConv",
    "EEGTCNet",
    "FBCNet",
    "FBMSNet",
    "IFNet",
    "MEDFormer",
    "SCCNet",
    "ShallowFBCSPNet",
    "SincShallowNet",
    "SleepStagerChambon2018",
    "TIDNet",
    "TSception",
)

_PRETRAINED = "it is made to be trained on large corpora before; its weights are not here"
_SEQUENCE = "it answers for every moment, not for a clip"
_HEAD = "it has no last linear layer, and what enters that is what losses and fusions take of a network"
_FOURIER = "torch.func.vmap has no rule for its short-time Fourier transform"
_ATTENTION = "it has torch's attention, which has no gradient when evaluating"

BROKEN: dict[str, str] = {
    "ATCNet": "it has a last layer for each of several windows; choose EEGTCNet",
    "AttnSleep": "the sizes of its layers follow from the window, whose length they must divide",
    "BDTCN": _HEAD,
    "BENDR": _PRETRAINED,
    "BIOT": _FOURIER,
    "BrainModule": "its licence (CC BY-NC) allows no commercial use",
    "CBraMod": _PRETRAINED,
    "CodeBrain": _PRETRAINED,
    "ContraWR": _FOURIER,
    "DANCE": _SEQUENCE,
    "DGCNN": "it is `model: dgcnn` here",
    "DeepSleepNet": "torch.func.vmap has no rule for its LSTM",
    "EEGDINO": _PRETRAINED,
    "EEGMiner": "it takes statistics over the clips of a batch, padding included",
    "EEGPT": _PRETRAINED,
    "EEGSym": "it parts the electrodes into halves of the head by descriptions that only MNE's files have",
    "EMG2QwertyNet": _SEQUENCE,
    "FBLightConvNet": "it lays tensors out in a way that torch.func.vmap does not keep",
    "LUNA": _PRETRAINED,
    "Labram": _PRETRAINED,
    "MSVTNet": _ATTENTION,
    "MVPFormer": _PRETRAINED,
    "MetaNeuromotorHand": _SEQUENCE,
    "NeuroPose": _SEQUENCE,
    "PBT": "it draws dropout from torch's own generator",
    "REVE": _PRETRAINED,
    "SPARCNet": "it draws dropout from torch's own generator",
    "SSTDPN": _HEAD,
    "STEEGFormer": _PRETRAINED,
    "SensingDynamics": _SEQUENCE,
    "SignalJEPA": _PRETRAINED,
    "SignalJEPA_Contextual": _PRETRAINED,
    "SignalJEPA_PostLocal": _PRETRAINED,
    "SignalJEPA_PreLocal": _PRETRAINED,
    "SleepStagerBlanco2020": "it is made for half a minute of sleep, and windows of seconds leave nothing of it",
    "SyncNet": "it computes in single precision whatever it is given",
    "TCFormer": _HEAD,
    "USleep": _SEQUENCE,
    "VEMG2Pose": _SEQUENCE,
    "ZUNA": _PRETRAINED,
}
