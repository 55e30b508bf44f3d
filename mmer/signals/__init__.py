"""Recordings beside the face (EEG, ECG, electrodermal activity, respiration, gaze): files -> one stream per signal.

Two kinds of components, because a corpus decides how its recordings are read and on which clock they run, and an
experiment decides what it wants of them:

``conf/recordings/NAME.yaml`` (per dataset)
    ``mmer.signals.recordings.Recordings``: opens the file that the Clips table names in its column ``eeg`` or ``ecg``,
    names channels and kinds, brings units to volts, and maps a clip's own time to the recording's.
``conf/signal/NAME.yaml`` (per experiment, any number)
    ``mmer.signals.signal.Signal``: which channels, which window around onset or apex, how it is cleaned, and what is
    computed of it. Its ``name`` is the name of the stream, its ``encoder`` a file of conf/model that reads it.

A clip whose recording is missing, too short or unreadable keeps its place with ``present`` false and a reason;
nothing is dropped silently. No label is passed in. Everything that is fitted over clips (``ica``) is fitted in the
fold, by ``Signal.fit``. MNE is imported here and nowhere else.
"""
