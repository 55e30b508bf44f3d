"""Which action units show a prototypical emotion: what is known before any clip is looked at.

``PROTOTYPES`` are the combinations of EMFACS (Friesen & Ekman, 1983) as they are commonly tabulated, e.g. in the
documentation of OpenDBM; intensities and sides (5B, R12A) are left out. ``VARIANTS`` adds what the table of the FACS
Investigator's Guide (Ekman, Friesen & Hager, 2002) lets stand for one of the units or go with them, in short: surprise
with a stretched mouth, anger with pressed lips, disgust by the upper lip or with the chin, sadness with the nasolabial
furrow or the chin. The guide's own table is longer and was not at hand.
"""

PROTOTYPES = {
    "happiness": (("AU06", "AU12"),),
    "sadness": (("AU01", "AU04", "AU15"),),
    "surprise": (("AU01", "AU02", "AU05", "AU26"),),
    "fear": (("AU01", "AU02", "AU04", "AU05", "AU07", "AU20", "AU26"),),
    "anger": (("AU04", "AU05", "AU07", "AU23"),),
    "disgust": (("AU09", "AU15", "AU16"),),
    "contempt": (("AU12", "AU14"),),
}

VARIANTS = {
    **PROTOTYPES,
    "sadness": (
        *PROTOTYPES["sadness"],
        ("AU01", "AU04", "AU11", "AU15"),
        ("AU01", "AU04", "AU15", "AU17"),
    ),
    "surprise": (*PROTOTYPES["surprise"], ("AU01", "AU02", "AU05", "AU27")),
    "anger": (*PROTOTYPES["anger"], ("AU04", "AU05", "AU07", "AU24")),
    "disgust": (
        *PROTOTYPES["disgust"],
        ("AU09", "AU15", "AU17"),
        ("AU10", "AU15", "AU16"),
        ("AU10", "AU15", "AU17"),
    ),
}
