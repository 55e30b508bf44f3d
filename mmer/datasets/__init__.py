"""Corpora: annotation file + folders -> Clips. One frozen dataclass per corpus, one file, one yaml.

    clips() -> DataFrame that passes ``mmer.types.clips.validate_clips``
    annotations() -> list of Path        the annotation files that ``clips`` reads; their digests name the version
    versions: tuple of Version           the known versions of the annotation file (``versions.py``), where it has one
    recognised() -> list of (Version, Table or None)    where that is not one file; None: the folders are the annotation

Fields are the yaml keys; every corpus has ``name`` (written into ``dataset`` and in front of ids), ``root`` and
``exclude`` (clip ids to leave out); a released corpus has ``workbook`` (a file of another name) and ``errata`` (cells
to correct, ``errata.py``) too. An adapter reads the annotation file and lists folders; it decodes no picture, infers no
label from a folder name where there is an annotation file, and drops no row without saying so.
tests/contracts/test_dataset.py runs over every conf/dataset/*.yaml on its synthetic release.
"""
