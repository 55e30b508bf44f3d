"""Clocks: how a clip's own time maps to a recording's, one file and one yaml in conf/recordings each."""
