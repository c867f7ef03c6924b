from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import TextError
from knowledge.model import BERLIN, Document, Source
from knowledge.reading import markdown, read_folder, read_markdown, read_text, write_markdown
from knowledge.reading.body import markdown_of, text_of
from knowledge.reading.cleaning import one_line
from knowledge.reading.files import write_atomically
from tests.unit.knowledge.samples import only_finding, pdf_of

TEXTS = Path(__file__).resolve().parents[3] / "knowledge" / "texts"
ARTICLE = TEXTS / "press" / "2020-06-24-digital-talk-nrw.md"
BODY = "\n---\nEin Satz.\n"


def read(text: str | bytes, name: str = "text") -> Document:
    return markdown.read(text.encode() if isinstance(text, str) else text, f"{name}.md", name)


def findings(text: str | bytes) -> list[tuple[str, int]]:
    with pytest.raises(TextError) as caught:
        read(text)
    for finding in caught.value.problems:
        assert finding.path == "text.md" and str(finding)
    return [(finding.code, finding.line) for finding in caught.value.problems]


# Markdown: head


def test_every_entry_of_the_head_reaches_the_document() -> None:
    document = read(
        """---
id: ki-forum
title: "KI.Forum: Rückblick"
kind: event
date: 2026-01-02
publisher: Staatskanzlei NRW
url: https://example.org/forum
topics: [events, ki_nrw]
valid_until: 2026-12-31
superseded_by: neu
language: de
starts: 2026-03-04T10:00
ends: 2026-03-04T16:00
place: Bonn
registration_url: https://example.org/anmeldung
sources:
  - publisher: KI.NRW
    url: https://ki.nrw/
    date: "2018"
  - publisher: WAZ
    date: 2020-05
questions:
  - "Wann: 10:00?"
unknown: [ignored]
---
Ein Satz."""
    )
    assert document == Document(
        id="ki-forum",
        title="KI.Forum: Rückblick",
        text="Ein Satz.",
        kind="event",
        date=date(2026, 1, 2),
        publisher="Staatskanzlei NRW",
        url="https://example.org/forum",
        topics=("events", "ki_nrw"),
        valid_until=date(2026, 12, 31),
        superseded_by="neu",
        language="de",
        starts=datetime(2026, 3, 4, 10, tzinfo=BERLIN),
        ends=datetime(2026, 3, 4, 16, tzinfo=BERLIN),
        place="Bonn",
        registration_url="https://example.org/anmeldung",
        questions=("Wann: 10:00?",),
        sources=(Source("KI.NRW", "https://ki.nrw/", "2018"), Source("WAZ", "", "2020-05")),
    )


def test_a_title_is_enough_and_the_file_name_becomes_the_id(tmp_path: Path) -> None:
    path = tmp_path / "Künstliche Größe 2.md"
    path.write_text("---\ntitle: T\n---\nEin Satz.", "utf-8")
    assert read_markdown(path) == Document("kuenstliche-groesse-2", "T", "Ein Satz.")


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("date: 2026-03-04", date(2026, 3, 4)),
        ("date: '2026-03-04'", date(2026, 3, 4)),
        ("date: 4.3.2026", date(2026, 3, 4)),
        ("date: 4. März 2026", date(2026, 3, 4)),
        ("date: 2026-03-04T10:00", date(2026, 3, 4)),
        ("date:", None),
        ("date: null", None),
    ],
)
def test_dates_are_understood_as_editors_write_them(entry: str, value: date | None) -> None:
    assert read(f"---\ntitle: T\n{entry}{BODY}").date == value


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("2026-07-04", date(2026, 7, 4)),
        ("2026-07-04 10:30", datetime(2026, 7, 4, 10, 30, tzinfo=BERLIN)),
        ("2026-07-04T10:30:00", datetime(2026, 7, 4, 10, 30, tzinfo=BERLIN)),
        ("2026-07-04T08:30:00Z", datetime(2026, 7, 4, 10, 30, tzinfo=BERLIN)),
    ],
)
def test_times_without_an_offset_are_berlins(entry: str, value: date) -> None:
    assert read(f"---\ntitle: T\nkind: event\nstarts: {entry}{BODY}").starts == value


def test_single_values_stand_for_lists_and_yaml_types_stay_words() -> None:
    document = read(f"---\ntitle: 2024\npublisher: no\ntopics: ki_nrw, events\nquestions: Wozu?{BODY}")
    assert document.title == "2024"
    assert document.publisher == "no"
    assert document.topics == ("ki_nrw", "events")
    assert document.questions == ("Wozu?",)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = "---\ntitle: Größe\ntopics:\n  - ki_nrw\n---\nErste\nZeile.\n\nZweiter Absatz.\n"
    assert read(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"---\nid: x{BODY}", [("text_no_title", 0)]),
        (f"---\nid: x\ntitle: ' '{BODY}", [("text_no_title", 3)]),
        ("Ein Satz ohne Kopf.", [("text_no_title", 0)]),
        (f"---\ntitle: T\ntopics: [a{BODY}", [("head_yaml", 4)]),
        (f"---\ntitle: KI: was nun{BODY}", [("head_yaml", 2)]),
        (f"\n---\n- title{BODY}", [("head_entries", 2)]),
        ("---\ntitle: T\nEin Satz.", [("head_open", 1)]),
        (b"---\ntitle: T\n---\nGr\xfc\xdfe", [("text_not_utf8", 4)]),
        ("---\ntitle: T\n---\n \n<div>nur HTML</div>\n", [("text_empty", 0)]),
        (f"---\ntitle: T\ndate: 2026-02-30{BODY}", [("head_date", 3)]),
        (f"---\ntitle: T\nvalid_until: bald{BODY}", [("head_date", 3)]),
        (f"---\ntitle: T\nkind: rumour{BODY}", [("head_choice", 3)]),
        (f"---\ntitle: T\ntopics: [ki_nrw, wetter]{BODY}", [("head_choice", 3)]),
        (f"---\nid: Über_uns\ntitle: T{BODY}", [("head_id", 2)]),
        (f"---\nid: {'a' * 101}\ntitle: T{BODY}", [("head_id", 2)]),
        (f"---\ntitle: [T]{BODY}", [("head_single", 2)]),
        (f"---\ntitle: T\nquestions: {{a: b}}{BODY}", [("head_list", 3)]),
        (f"---\ntitle: T\nurl: javascript:alert(1){BODY}", [("head_address", 3)]),
        (f"---\ntitle: T\nsources:\n- url: data:x{BODY}", [("head_address", 3)]),
        (f"---\ntitle: T\nkind: event{BODY}", [("event_no_start", 0)]),
        (f"---\ntitle: T\nkind: event\nstarts: 2026-02-30{BODY}", [("head_date", 4)]),
        (f"---\ntitle: T\nstarts: 2026-03-04T10:00\nends: 2026-03-04T09:00{BODY}", [("event_ends_first", 4)]),
        (f"---\ntitle: T\nstarts: 2026-03-04T10:00\nends: 2026-03-03{BODY}", [("event_ends_first", 4)]),
        (
            "---\nid: A\nkind: x\ndate: 31.02.2026\n---\n",
            [("head_choice", 3), ("head_date", 4), ("text_no_title", 0), ("text_empty", 0), ("head_id", 2)],
        ),
    ],
)
def test_everything_wrong_is_reported_with_its_line(text: str | bytes, expected: list[tuple[str, int]]) -> None:
    assert findings(text) == expected


def test_an_event_may_end_on_the_day_it_starts() -> None:
    document = read(f"---\ntitle: T\nkind: event\nstarts: 2026-03-04T10:00\nends: 2026-03-04{BODY}")
    assert document.ends == date(2026, 3, 4)


def test_a_finding_says_what_where_and_what_to_do() -> None:
    with pytest.raises(TextError, match=r"text\.md:3: date: „2026-02-30“ ist kein gültiges Datum\. Schreib"):
        read(f"---\ntitle: T\ndate: 2026-02-30{BODY}")


# Markdown: body


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Eine\nZeile.\n\nNoch eine.", "Eine Zeile.\n\nNoch eine."),
        ("# Eins\nText\n\n### Zwei #\n\nDrei\n====", "## Eins\n\nText\n\n## Zwei\n\n## Drei"),
        ("Sehr **wichtig**: [KI.NRW](https://ki.nrw) und `x` ~~y~~.", "Sehr wichtig: KI.NRW und x y."),
        ("Siehe <https://ki.nrw>.", "Siehe https://ki.nrw."),
        ("![Bild](a.png)Text", "Text"),
        ("- eins\n* zwei", "- eins\n\n- zwei"),
        ("- eins\n\n  weiter\n- zwei\n  - drei", "- eins weiter\n- zwei\n- drei"),
        ("- ## Kopf\n- ## -", "- Kopf\n- -"),
        ("1. eins\n2. zwei", "1. eins\n2. zwei"),
        ("24. Juni 2020 war ein Mittwoch.", "24. Juni 2020 war ein Mittwoch."),
        ("- 24. Juni\n- 3. Juli", "- 24. Juni\n- 3. Juli"),
        ("> Zitat\n>\n> weiter", "Zitat\n\nweiter"),
        ("|a|b|\n|-|-|\n|1|**2**|", "a | b\n1 | 2"),
        ("Zeile\\\nneu<br>drei", "Zeile\nneu\ndrei"),
        ("<div>weg</div>\n\nda<!-- weg --> und <b>hier</b>", "da und hier"),
        ("    eingerückter *Absatz*", "eingerückter Absatz"),
        ("```\na\nb\n```\n\n---\n\nEnde", "a\nb\n\nEnde"),
        (
            "Bürger*innen und Forscher*innen, jede*r und jede*n",
            "Bürger*innen und Forscher*innen, jede*r und jede*n",
        ),
        ("z.\u00a0B. Ent\u00adwick\u200blung\ufeff&shy; &amp; \x07mehr", "z. B. Entwicklung & mehr"),
        ("u\u0308ber", "über"),
    ],
)
def test_the_body_becomes_plain_wording(source: str, text: str) -> None:
    assert text_of(source) == text


_PIECES = st.sampled_from(
    ["- ", "* ", "## ", "1. ", "24. Juni", "2) ", "---", "===", "*", "**", "`", "```", "~~", "a | b", ":--"]
    + ["[a]: b", "[a](b)", "![x](y)", "<div>", "<br>", "<http://a.de>", "&amp;", "\\", "_x_", "Bürger*innen"]
    + ["Wort", "ende.", "> ", "C#", "#", " ", "7", "+", "=", ":", "!", "1)", "„Zitat“", "\t"]
)
_LINES = st.one_of(st.lists(_PIECES, min_size=1, max_size=5).map("".join), st.text(max_size=20))
_CLEAN_LINES = _LINES.map(one_line).filter(bool)


def _block(prefix: str, most: int) -> st.SearchStrategy[str]:
    lines = st.lists(_CLEAN_LINES.map(prefix.__add__), min_size=1, max_size=most)
    return lines.map("\n".join)


_TEXTS = st.lists(
    st.one_of(_block("", 3), _block("- ", 3), _block("## ", 1), _block("3. ", 2)), min_size=1, max_size=4
).map("\n\n".join)


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_any_wording_survives_being_written_as_markdown(text: str) -> None:
    assert text_of(markdown_of(text)) == text


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.sampled_from(["\n", "\n\n", "\n  "])), max_size=12).map("".join))
def test_what_was_read_from_any_markdown_is_read_again_unchanged(source: str) -> None:
    text = text_of(source)
    assert text == "" or text_of(markdown_of(text)) == text


# Writing

FULL = Document(
    id="alles",
    title='Titel: mit "Zeichen" – #1',
    text="## Kopf\n\nErster *Absatz*.\n\n- a\n- b\n\n- c\n\n24. Juni\nneue Zeile",
    kind="event",
    date=date(2026, 1, 2),
    publisher="null",
    url="https://example.org/a?b=c#d",
    topics=("ki_nrw", "events"),
    valid_until=date(2027, 1, 1),
    superseded_by="no",
    language="en",
    starts=datetime(2026, 3, 4, 10, tzinfo=BERLIN),
    ends=datetime(2026, 3, 4, 16, 30, 15, tzinfo=BERLIN),
    place="Bonn: Rathaus",
    registration_url="http://example.org/",
    questions=("Was?", "- wozu: 2026-01-01", "sehr " * 40 + "lang"),
    sources=(
        Source("A"),
        Source("B", "https://b.de"),
        Source("C", "", "2020-06-24"),
        Source("", "https://d.de"),
    ),
)


@pytest.mark.parametrize(
    "document",
    [
        FULL,
        Document("kurz", "T", "Ein Satz."),
        Document("2020-06-24", "2020-06-24", "---\n\n---"),
        replace(FULL, starts=date(2026, 3, 4), ends=date(2026, 3, 5)),
        replace(FULL, starts=datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), ends=None),
    ],
    ids=lambda document: document.id,
)
def test_a_written_document_is_read_back_equal(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "anders.md"
    write_markdown(document, path)
    assert read_markdown(path) == document


def test_the_later_of_two_equal_autumn_hours_stays_the_later(tmp_path: Path) -> None:
    starts = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)
    write_markdown(replace(FULL, starts=starts, ends=None), tmp_path / "x.md")
    again = read_markdown(tmp_path / "x.md").starts
    assert isinstance(again, datetime)
    assert again.astimezone(UTC) == starts.astimezone(UTC)


def test_times_are_written_as_the_format_describes_them(tmp_path: Path) -> None:
    write_markdown(FULL, tmp_path / "x.md")
    lines = (tmp_path / "x.md").read_text("utf-8").splitlines()
    assert "date: 2026-01-02" in lines
    assert "starts: 2026-03-04T10:00" in lines


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    write_atomically(path, b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("knowledge.reading.files.os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.md", b"old")]


# Files and folders


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", b"---\ntitle: Titel\n---\nEin Satz."),
        ("a.MARKDOWN", b"---\ntitle: Titel\n---\nEin Satz."),
        ("a.txt", b"Titel\n\nEin Satz."),
        (
            "a.htm",
            b"<html><head><title>Titel</title></head><body><article><p>Ein Satz.</p></article></body></html>",
        ),
        ("a.pdf", pdf_of([(760, "Titel", 22), (700, "Ein Satz mit genug Text.")])),
    ],
)
def test_the_ending_decides_the_reader(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    document = read_text(tmp_path / name)
    assert (document.id, document.title) == ("a", "Titel")
    assert document.text.startswith("Ein Satz")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.docx", "text_format"),
        ("a", "text_format"),
        ("fehlt.md", "text_missing"),
        ("ordner.txt", "text_unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(name: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "ordner.txt").mkdir()
    with pytest.raises(TextError, match=name) as caught:
        read_text(tmp_path / name)
    assert only_finding(caught) == code


def _folder(folder: Path, **texts: str) -> Path:
    for name, head in texts.items():
        path = folder / f"{name.replace('__', '/')}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{head}{BODY}", "utf-8")
    return folder


def test_a_folder_is_read_recursively_in_order_of_its_paths(tmp_path: Path) -> None:
    _folder(tmp_path, b="title: B\nsuperseded_by: a", sub__a="title: A", a0="title: C")
    (tmp_path / "notes.txt").write_text("not a text", "utf-8")
    assert [document.id for document in read_folder(tmp_path)] == ["a0", "b", "a"]


def test_a_folder_reports_the_problems_of_all_its_files_at_once(tmp_path: Path) -> None:
    _folder(
        tmp_path,
        a="title: A\nid: same",
        b="title: B\nid: same",
        c="date: 2026-13-01",
        d="title: D\nsuperseded_by: nirgends",
        e="title: E\nsuperseded_by: c",
    )
    with pytest.raises(TextError) as caught:
        read_folder(tmp_path)
    found = {(Path(problem.path).name, problem.line, problem.code) for problem in caught.value.problems}
    assert found == {
        ("b.md", 3, "id_duplicate"),
        ("c.md", 2, "head_date"),
        ("c.md", 0, "text_no_title"),
        ("d.md", 3, "successor_unknown"),
    }


def test_a_missing_folder_is_an_error_and_an_empty_one_is_not(tmp_path: Path) -> None:
    assert read_folder(tmp_path) == ()
    with pytest.raises(TextError) as caught:
        read_folder(tmp_path / "x")
    assert only_finding(caught) == "folder_missing"


# The shipped texts


def test_the_shipped_texts_are_free_of_problems() -> None:
    assert "2020-06-24-digital-talk-nrw" in {document.id for document in read_folder(TEXTS)}


def test_the_press_article_is_shipped_word_for_word() -> None:
    document = read_markdown(ARTICLE)
    paragraphs = document.text.split("\n\n")
    assert len(paragraphs) == 6
    assert paragraphs[0].startswith("Am Mittwoch, den 24.06.2020 fand der zweite Teil unseres „digital.talk“ statt. ")
    assert paragraphs[0].endswith("Moderiert wurde der Talk von Dr. Martin Roos, Autor und Journalist aus Düsseldorf.")
    assert paragraphs[1] == (
        "Staatssekretär Dr. Mark Speich stellte in seiner Begrüßung den Anspruch Nordrhein-Westfalens heraus:"
        " Nordrhein-Westfalen werde eine Vorreiterrolle im Bereich KI übernehmen, was besonders den"
        " Mittelstand betreffe."
    )
    assert paragraphs[2].endswith("warnte Dammermann: „Ein Algorithmus hat kein Taktgefühl.“")
    assert (
        "„Ziel ist es, die künstliche Intelligenz robust, sicher und diskriminierungsfrei arbeiten zu" in paragraphs[3]
    )
    assert paragraphs[4] == (
        "Eine zentrale Aufgabe ist und bleibt dabei weiterhin der Netzausbau: „Wir brauchen ein"
        " funktionierendes Netz zum Datenaustausch, dazu reichen keine Kabel aus der Zeit von Kaiser"
        " Wilhelm.“, wie Dirk Binding betonte."
    )
    assert paragraphs[5].endswith("positionieren und seine internationale Spitzenrolle ausbauen.")
    assert (len(document.text), len(document.text.split())) == (2530, 326)


@pytest.mark.parametrize(
    "furniture",
    [
        "bislang nicht bewertet",
        "Bild des Benutzers",
        "Gespeichert von",
        "Weitere\n",
        "KEINE ERGEBNISSE",
        "ServiceCenter",
    ],
)
def test_the_press_article_carries_no_furniture_of_its_page(furniture: str) -> None:
    assert furniture not in ARTICLE.read_text("utf-8")


def test_the_press_article_says_where_it_comes_from() -> None:
    document = read_markdown(ARTICLE)
    assert document.id == ARTICLE.stem
    assert document.title == "Künstliche Intelligenz goes Mittelstand – Made by NRW"
    assert (document.kind, document.date) == ("press_release", date(2020, 6, 24))
    assert document.publisher == "Landesregierung Nordrhein-Westfalen"
    assert document.topics == ("sme_support", "ki_nrw", "events")
    assert len(document.questions) == 12
