"""Magnification: the aligned faces of a clip, with their motion since onset made larger.

    alpha                          what the motion is multiplied by; 1 changes nothing
    whole_clip                     whether frames must be all of onset..offset (a temporal band), or may be any
    magnify(frames, fps) -> frames

``frames`` (T, H, W) float32 in 0..1; ``frames[0]`` is the reference (onset), ``fps`` their rate (read only where
``whole_clip``). The result has the same shape, is clipped to 0..1 and shows the onset unmagnified first. A still clip
stays still. Wrong shapes, numbers that are not finite and impossible settings raise InputError.

**One convention of alpha.** A displacement d since onset becomes ``alpha * d``. Wu et al. (2012) and Wadhwa et al.
(2013) write (1 + a) d, and so does the text of Oh et al. (2018): our alpha is 1 + a. The released code of Oh et al.
multiplies by (alpha - 1) before it adds, so its factor is ours; works that give that code a factor of 2 mean alpha 2.

Only ``learned`` needs torch, and imports it when it first magnifies. tests/contracts/test_magnify.py checks every
conf/magnify/*.yaml.
"""
