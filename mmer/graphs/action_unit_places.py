"""Where each action unit acts on the face: its landmarks, and the regions it belongs to.

After the muscles of the Facial Action Coding System (Ekman & Friesen 1978). A unit acts on both sides of the face; one
side is named here, so that its node has a place on the skin and not on the midline between two brows. Which side does
not matter (``both_sides`` of the AU nodes looks at both); units that meet at the mouth corner are spread over both
corners, so that a drawn graph can be read.
"""

LANDMARKS = {
    "AU01": (20, 21),  # inner brow raiser
    "AU02": (17, 18),  # outer brow raiser
    "AU04": (18, 19, 20, 21),  # brow lowerer
    "AU05": (43, 44),  # upper lid raiser
    "AU06": (41, 48),  # cheek raiser: between lower lid and mouth corner
    "AU07": (40, 41),  # lid tightener
    "AU09": (29, 31),  # nose wrinkler
    "AU10": (31, 49, 50),  # upper lip raiser
    "AU11": (35, 53),  # nasolabial deepener
    "AU12": (53, 54),  # lip corner puller
    "AU13": (46, 54),  # sharp lip puller
    "AU14": (48, 60),  # dimpler
    "AU15": (48, 58, 59),  # lip corner depressor
    "AU16": (55, 56),  # lower lip depressor
    "AU17": (8, 57),  # chin raiser
    "AU18": (51, 57),  # lip pucker
    "AU20": (54, 55),  # lip stretcher
    "AU22": (51, 62),  # lip funneler
    "AU23": (62, 66),  # lip tightener
    "AU24": (61, 67),  # lip pressor
    "AU25": (63, 65),  # lips part
    "AU26": (8, 66),  # jaw drop
    "AU27": (8,),  # mouth stretch
    "AU28": (62, 57),  # lip suck
    "AU38": (31, 32),  # nostril dilator
    "AU39": (34, 35),  # nostril compressor
    "AU43": (37, 41),  # eyes closed
    "AU45": (44, 46),  # blink
}

# A unit whose muscle spans two regions is in both: that is what joins the regions to one graph.
REGIONS = {
    "brow": ("AU01", "AU02", "AU04"),
    "eye": ("AU04", "AU05", "AU06", "AU07", "AU43", "AU45"),
    "nose and cheek": ("AU06", "AU09", "AU10", "AU11", "AU38", "AU39"),
    "mouth corner": ("AU10", "AU11", "AU12", "AU13", "AU14", "AU15", "AU20"),
    "lower lip": ("AU15", "AU16", "AU18", "AU20", "AU22", "AU23", "AU24", "AU25", "AU28"),
    "chin": ("AU15", "AU16", "AU17", "AU25", "AU26", "AU27"),
}
