"""Label schemes: what a corpus says of a clip -> class of a named scheme. A scheme is yaml, the readers are here.

    classes            tuple of class names, in their declared order
    targets            what is predicted: ("emotion",), or the names of action units, each of which is absent or present
    assign(clips)      Series indexed by clip_id: class name, or null where the scheme leaves the clip out; where action
                       units are detected "annotated" or null
    reason(clip)       str: why the scheme leaves this clip (a row of the Clips table) out
    remarks(clips, versions)   list of str: class counts unlike those of the released annotation file, computed classes

``emotion`` reads the emotion word, ``objective`` the objective class, ``action_units`` the coded action units. Whatever
a scheme neither maps nor lists under ``dropped`` stops with the word and the nearest ones.
"""
