"""Label schemes: a corpus's own word -> class of a named scheme. A scheme is yaml (conf/labels/), the reader is here.

    classes            tuple of class names, in their declared order
    assign(clips)      Series indexed by clip_id: class name, or null where the scheme leaves the clip out

An emotion word that the scheme neither maps nor lists under ``dropped`` stops with the word and the nearest ones.
"""
