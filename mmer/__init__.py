"""mmer: an experiment framework for micro-expression recognition."""
