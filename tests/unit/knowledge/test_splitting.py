from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.model import Document
from knowledge.splitting import sentence_spans, split_document


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "wording",
    [
        ["Der Abend begann.", "Ein Algorithmus hat kein Taktgefühl."],
        ["Am 1. Dezember 2018 wurde KI.NRW gegründet.", "Der Sitz ist in Sankt Augustin."],
        ["Der Antrag Nr. 3 nach Art. 5 wurde gestellt.", "Er galt."],
        ["Es kostet 2,5 Mio. Euro und ca. 30 Stellen.", "Das ist viel."],
        ["Das Programm läuft seit 2018; Anträge nimmt die Bezirksregierung entgegen.", "Das gilt."],
        ["Er sagte: „Das geht.“", "Niemand widersprach."],
        ["Das Programm endete (Stand: 2024).", "Danach kam nichts."],
        ["Wer zahlt?", "Das Land!", "Wie viel?"],
        ["Who pays for this?", "The state does."],
        ["Siehe www.ki.nrw und digital.talk heute.", "Mehr nicht."],
    ],
)
def test_a_paragraph_is_cut_where_its_sentences_end(wording: list[str]) -> None:
    assert sentences(" ".join(wording)) == wording


LONG = " ".join(f"Satz Nummer {number} erzählt etwas über das Land." for number in range(30))


def test_passages_end_at_the_sentence_that_reaches_the_length() -> None:
    passages = split_document(Document("a", "Titel", LONG), 40)
    assert all(len(passage.text.split()) >= 40 for passage in passages)
    assert all(len(" ".join(passage.sentences[:-1]).split()) < 40 for passage in passages[:-1])


def test_a_short_rest_joins_the_passage_before_it() -> None:
    text = " ".join(["Acht Wörter hat jeder Satz in diesem Text."] * 3 + ["Kurzer Rest."])
    assert [passage.text for passage in split_document(Document("a", "T", text), 24)] == [text]


def test_no_passage_crosses_a_heading() -> None:
    text = "Davor steht etwas.\n\n## Erster Teil\n\nHier eins.\n\nUnd zwei.\n\n## Zweiter Teil\n\nHier drei."
    passages = split_document(Document("a", "T", text), 100)
    assert [(passage.heading, passage.sentences) for passage in passages] == [
        ("", ("Davor steht etwas.",)),
        ("Erster Teil", ("Hier eins.", "Und zwei.")),
        ("Zweiter Teil", ("Hier drei.",)),
    ]


def test_a_heading_without_text_gives_no_passage() -> None:
    assert split_document(Document("a", "T", "## Nur eine Überschrift"), 100) == ()


def test_equal_wording_under_one_heading_is_kept_once() -> None:
    text = "## Stand\n\nGleich.\n\n## Anderes\n\nGleich.\n\n## Stand\n\nGleich."
    assert [passage.heading for passage in split_document(Document("a", "T", text), 100)] == ["Stand", "Anderes"]


def test_ids_of_untouched_passages_stay_while_others_change() -> None:
    document = Document("a", "T", "## Eins\n\nErster Satz.\n\n## Zwei\n\nZweiter Satz.")
    changed = replace(document, text=document.text.replace("Erster Satz.", "Ganz anderer Satz."))
    before, after = split_document(document, 100), split_document(changed, 100)
    assert before[0].id != after[0].id
    assert before[1] == after[1]


def test_the_same_wording_in_two_documents_has_two_ids() -> None:
    one, other = (split_document(Document(name, "T", "Ein Satz."), 100)[0] for name in ("a", "b"))
    assert one.id != other.id


def test_what_is_encoded_begins_with_title_and_heading() -> None:
    (passage,) = split_document(Document("a", "Titel", "## Teil\n\nEin Satz."), 100)
    assert passage.encoded_text == "Titel\nTeil\nEin Satz."


words = st.sampled_from(
    ["KI", "z. B.", "Nr. 5", "„Land“", "(Stand: 2024.)", "3,5 Mio.", "Förderung", "1.", "Mai", "a;"]
)
lines = st.lists(words, min_size=1, max_size=12).map(" ".join) | st.text(min_size=1, max_size=40)
paragraphs = lines.map(lambda line: " ".join(line.split())).filter(bool)
texts = st.lists(paragraphs | paragraphs.map(lambda p: f"## {p}"), min_size=1, max_size=6).map("\n\n".join)


@settings(deadline=None, max_examples=100)
@given(texts, st.integers(1, 30))
def test_passages_and_sentences_are_verbatim_in_order_and_complete(text: str, passage_words: int) -> None:
    passages = split_document(Document("a", "T", text), passage_words)
    for passage in passages:
        assert passage.text in text
        position = 0
        for sentence in passage.sentences:
            position = passage.text.index(sentence, position) + len(sentence)
            assert sentence == sentence.strip() != ""
    kept = {sentence for passage in passages for sentence in passage.sentences}
    for line in text.split("\n"):
        if not line.startswith("## "):
            assert set(sentences(line)) <= kept
            assert "".join("".join(sentences(line)).split()) == "".join(line.split())
