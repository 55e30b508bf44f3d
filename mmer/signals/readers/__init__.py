"""One file per format of recordings: path -> ``mmer.signals.contents.Contents``.

A reader states what the file says, in the file's own words; names, kinds and units are settled by
``mmer.signals.recording.Recording``. Files from outside are data: nothing in them is executed, sizes are checked before
anything is read, and a file that names other files may only name its neighbours.
"""
