"""Recordings: how a corpus's recordings are read, and on which clock they run."""
