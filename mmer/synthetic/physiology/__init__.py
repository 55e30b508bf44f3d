"""Synthetic EEG and ECG beside the synthetic faces, in the files that a corpus would have them in.

Which rhythm and which heartbeat go with which emotion is invented (``effects.json``). Scores on them say nothing about
real physiology; they show that the code reads, aligns, cleans and fuses what is there.
"""
