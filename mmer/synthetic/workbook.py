"""Write an Excel workbook, the same bytes for the same cells."""

import io
import re
import zipfile
from pathlib import Path

from openpyxl import Workbook

# Excel files carry the time of writing twice: in the archive's members and in this one's text.
_PROPERTIES = "docProps/core.xml"
_TIME = re.compile(rb">\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ<")


def write_workbook(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    """Write sheets of cells; None leaves a cell empty.

    Parameters
    ----------
    path : Path
    sheets : dict of str to list of rows
        The first sheet is the one that opens.
    """
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as written, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in written.namelist():
            data = written.read(name)
            if name == _PROPERTIES:
                data = _TIME.sub(b">1980-01-01T00:00:00Z<", data)
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            file.writestr(member, data, compress_type=zipfile.ZIP_DEFLATED)
