"""Sample pages and PDF files, made here so that every byte of them is known."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from pypdf import PdfReader, PdfWriter

from knowledge.errors import TextError, message


def only_finding(error: pytest.ExceptionInfo[TextError]) -> str:
    """The code of the one finding in the error, whose message must be part of what the error says."""
    (only,) = error.value.problems
    assert message(only.code, **dict(only.values)) in str(error.value)
    return only.code


PAGE = """<!DOCTYPE html><html lang="de"><head><meta charset="utf-8">
<title>KI im Mittelstand | Landesportal</title>
<meta property="og:site_name" content="Landesportal"><meta property="og:title" content="KI im Mittelstand">
<meta property="article:published_time" content="2020-06-24T10:00:00+02:00"></head><body>
<header><nav><ul><li><a href="/">Startseite</a></li><li><a href="/p">Presse</a></li></ul></nav></header>
<main><article><h1>KI im Mittelstand</h1>
<p>Bild des Benutzers Anna</p><p>Gespeichert von Anna am 2. Februar 2021</p>
<p>Der Staatssekretär stellte den Anspruch des Landes heraus: Es werde eine <em>Vorreiterrolle</em> im
Bereich <a href="/ki">KI</a> übernehmen,<br>was besonders den Mittelstand betreffe.</p>
<p>bislang nicht bewertet</p>
<h2>Bürger*innen und Forscher*innen</h2>
<p>24. Juni bleibt 24. Juni, und Ent\u00adwick\u00adlung bleibt Entwicklung, auch auf dieser Seite.</p>
<ul><li>sicher</li><li>robust<ul><li>auch nachts</li></ul></li></ul><ol><li>Anmelden</li><li>Kommen</li></ol>
<table><tr><th>Jahr</th><th>Betrag</th></tr><tr><td>2020</td><td>25 Mio.</td></tr></table>
<h3>Weitere</h3><h3>Pressemitteilungen</h3><p>KEINE ERGEBNISSE</p></article></main>
<footer><p>Impressum Datenschutz © 2019 Land</p></footer></body></html>"""


Row = tuple[float, str] | tuple[float, str, int]


def pdf_of(*pages: Sequence[Row], title: str = "") -> bytes:
    """A PDF whose pages hold rows of (height in points, text, letter size 11)."""
    objects = ["", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    kids = []
    for rows in pages:
        stream = "".join(_shown(*row) for row in rows)
        objects.append(f"<</Length {len(stream.encode('cp1252'))}>>stream\n{stream}\nendstream")
        resources = "<</Font<</F 3 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources{resources}/Contents {len(objects)} 0 R>>")
        kids.append(f"{len(objects)} 0 R")
    objects[0] = "<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = f"<</Type/Pages/MediaBox[0 0 595 842]/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
    body = "".join(f"{number} 0 obj{content}endobj\n" for number, content in enumerate(objects, 1))
    raw = f"%PDF-1.4\n{body}trailer<</Root 1 0 R/Size {len(objects) + 1}>>\nstartxref\n0\n%%EOF".encode("cp1252")
    writer = PdfWriter(PdfReader(io.BytesIO(raw)))
    writer.add_metadata({"/Title": title})
    return bytes_of(writer)


def _shown(height: float, text: str, size: int = 11) -> str:
    return f"BT /F {size} Tf 1 0 0 1 50 {height} Tm ({text}) Tj ET\n"


def bytes_of(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
