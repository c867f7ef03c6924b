from __future__ import annotations

import io
from datetime import date

import pytest
from pypdf import PdfReader, PdfWriter

from knowledge.errors import TextError
from knowledge.model import Document
from knowledge.reading import html, pdf, plain
from tests.unit.knowledge.samples import PAGE, bytes_of, only_finding, pdf_of

# Plain text


def test_plain_text_has_its_title_first_and_paragraphs_between_empty_lines() -> None:
    document = plain.read(
        "\ufeff\nEin Titel\n24. Juni 2020\n\nErste\r\nZeile.\n  \nDas:\n• eins\n  weiter\n• zwei\n".encode(),
        "t.txt",
        "t",
    )
    assert document == Document(
        "t", "Ein Titel", "Erste Zeile.\n\nDas:\n\n- eins weiter\n- zwei", date=date(2020, 6, 24)
    )


def test_a_given_title_leaves_the_first_line_in_the_text() -> None:
    assert plain.read(b"Erste Zeile.", "t.txt", "t", title="T") == Document("t", "T", "Erste Zeile.")


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("2020-06-24", date(2020, 6, 24)),
        ("24.06.2020", date(2020, 6, 24)),
        ("Mittwoch, den 24. Juni 2020", date(2020, 6, 24)),
        ("Am 24. Juni 2020 begann es.", None),
        ("Juni 2020", None),
        ("30. Februar 2020", None),
    ],
)
def test_only_a_full_date_standing_alone_is_the_date(line: str, day: date | None) -> None:
    document = plain.read(f"Titel\n\n{line}\n\nText.".encode(), "t.txt", "t")
    assert document.date == day
    assert (line in document.text) == (day is None)


def test_a_date_far_down_is_part_of_the_text() -> None:
    document = plain.read(b"Titel\nA.\nB.\nC.\nD.\n\n24.06.2020", "t.txt", "t")
    assert document.date is None
    assert document.text.endswith("24.06.2020")


@pytest.mark.parametrize(("content", "code"), [(b"Gr\xfc\xdfe", "text_not_utf8"), (b"Nur Titel\n", "text_empty")])
def test_unusable_plain_text_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(TextError) as caught:
        plain.read(content, "t.txt", "t")
    assert only_finding(caught) == code


# HTML


def test_a_page_gives_title_date_publisher_and_main_text_without_furniture() -> None:
    assert html.read(PAGE.encode(), "seite.html", "seite") == Document(
        "seite",
        "KI im Mittelstand",
        "Der Staatssekretär stellte den Anspruch des Landes heraus: Es werde eine Vorreiterrolle im Bereich"
        " KI übernehmen, was besonders den Mittelstand betreffe.\n\n"
        "## Bürger*innen und Forscher*innen\n\n"
        "24. Juni bleibt 24. Juni, und Entwicklung bleibt Entwicklung, auch auf dieser Seite.\n\n"
        "- sicher\n- robust\n- auch nachts\n\n1. Anmelden\n2. Kommen\n\nJahr | Betrag\n2020 | 25 Mio.",
        date=date(2020, 6, 24),
        publisher="Landesportal",
    )


def test_a_page_with_a_copyright_year_only_has_no_date() -> None:
    page = PAGE.replace("2020-06-24T10:00:00+02:00", "").replace("am 2. Februar 2021", "")
    assert html.read(page.encode(), "seite.html", "seite").date is None


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"<html><head><title>T</title></head><body></body></html>"])
def test_a_page_without_main_text_is_refused(content: bytes) -> None:
    with pytest.raises(TextError) as caught:
        html.read(content, "seite.html", "seite")
    assert only_finding(caught) == "html_empty"


def test_a_page_without_a_title_is_refused() -> None:
    with pytest.raises(TextError) as caught:
        html.read(
            b"<html><body><div><p>Ein Satz, der lang genug ist, um Text zu sein.</p></div></body></html>",
            "s",
            "s",
        )
    assert only_finding(caught) == "html_no_title"


# PDF

LETTER = pdf_of(
    [
        (820, "Landesregierung Presse"),
        (760, "KI im Handwerk", 22),
        (730, "24. Juni 2020"),
        (700, "Das Land Nordrhein-Westfalen fördert in diesem Jahr die Klein-"),
        (687, "und Mittelbetriebe zwischen Rhein und Weser, weil die Ent\xadwick-"),
        (674, "lung es fordert. Das gilt auch für Nordrhein-"),
        (661, "Westfalens Osten und ist neu für viele."),
        (648, "Der zweite Absatz beginnt nach einer kurzen Zeile und reicht"),
        (635, "bis ans Ende der ersten Seite, wo der Satz noch nicht zu Ende"),
        (30, "Seite 1 von 3"),
    ],
    [
        (820, "Landesregierung Presse"),
        (700, "ist, sondern erst hier auf der zweiten Seite des Briefs aufhört."),
        (670, "Nach einem Abstand beginnt etwas Neues, auch nach voller Zeile."),
        (640, "\u2022 erster Punkt mit so viel Text, dass er auf die nächste Zeile"),
        (627, "umbrochen wird"),
        (614, "\u2022 zweiter Punkt"),
        (30, "Seite 2 von 3"),
    ],
    [(820, "Landesregierung Presse"), (700, "Schluss, mit freundlichen Grüßen."), (30, "Seite 3 von 3")],
)


def test_the_lines_of_a_pdf_become_paragraphs_again() -> None:
    document = pdf.read(LETTER, "brief.pdf", "brief")
    assert document.title == "KI im Handwerk"
    assert document.date == date(2020, 6, 24)
    assert document.text.split("\n\n") == [
        "Das Land Nordrhein-Westfalen fördert in diesem Jahr die Klein- und Mittelbetriebe zwischen Rhein und"
        " Weser, weil die Entwicklung es fordert. Das gilt auch für Nordrhein-Westfalens Osten und ist neu"
        " für viele.",
        "Der zweite Absatz beginnt nach einer kurzen Zeile und reicht bis ans Ende der ersten Seite, wo der"
        " Satz noch nicht zu Ende ist, sondern erst hier auf der zweiten Seite des Briefs aufhört.",
        "Nach einem Abstand beginnt etwas Neues, auch nach voller Zeile.",
        "- erster Punkt mit so viel Text, dass er auf die nächste Zeile umbrochen wird\n- zweiter Punkt",
        "Schluss, mit freundlichen Grüßen.",
    ]


def test_a_pdfs_own_title_counts_only_when_the_first_page_shows_it() -> None:
    rows = [
        (760.0, "Große Überschrift", 22),
        (700.0, "Unser Titel", 11),
        (660.0, "Ein Satz mit genug Buchstaben.", 11),
    ]
    assert pdf.read(pdf_of(rows, title="Unser Titel"), "a.pdf", "a").title == "Unser Titel"
    assert pdf.read(pdf_of(rows, title="Microsoft Word - Brief.docx"), "a.pdf", "a").title == "Große Überschrift"


def test_a_smaller_heading_inside_a_pdf_is_a_heading() -> None:
    rows = [
        (760.0, "Titel", 22),
        (700.0, "Ein Satz mit vielen Buchstaben.", 11),
        (670.0, "Teil", 16),
        (640.0, "Noch einer.", 11),
    ]
    assert pdf.read(pdf_of(rows), "a.pdf", "a").text.split("\n\n")[1:] == ["## Teil", "Noch einer."]


def _encrypted(password: str) -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(LETTER)))
    writer.encrypt(password, owner_password="besitzer", algorithm="AES-256")
    return bytes_of(writer)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pdf_of([(800, "7")]), "pdf_no_text"),
        (_encrypted("geheim"), "pdf_encrypted"),
        (b"%PDF-1.4 kaputt", "pdf_broken"),
        (b"", "pdf_broken"),
    ],
    ids=["scan", "encrypted", "damaged", "empty"],
)
def test_a_pdf_that_gives_no_text_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(TextError) as caught:
        pdf.read(content, "a.pdf", "a")
    assert only_finding(caught) == code


def test_a_pdf_that_opens_without_a_password_is_read_although_encrypted() -> None:
    assert pdf.read(_encrypted(""), "a.pdf", "a") == pdf.read(LETTER, "a.pdf", "a")
