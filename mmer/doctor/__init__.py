"""Doctor: look at the folder of a corpus, change nothing, and say what a person has to do before it can be used.

Reads with the adapters of ``mmer.datasets`` themselves, so that nothing is fine here that a stage would refuse.
"""
