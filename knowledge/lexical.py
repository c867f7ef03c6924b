"""German analysis and the sparse index: BM25 over word stems or over character n-grams.

Character 4- and 5-grams inside words bear inflection, compounds and slips of the keyboard at once.
BM25: Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009 (variant "lucene" of bm25s).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import bm25s

Analysis = Literal["words", "ngrams"]

_WORD = re.compile(r"\w+")
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_GRAMS = (4, 5)
_K1, _B = 0.9, 0.75


def words(text: str) -> list[str]:
    """Stems of all words, lower case, umlauts written out so that "für" and "fuer" are the same."""
    folded = _folded(text)
    return _stemmer().stemWords(folded)


def ngrams(text: str) -> list[str]:
    """Character 4- and 5-grams inside the folded words; shorter words as they are."""
    grams: list[str] = []
    for word in _folded(text):
        if len(word) <= _GRAMS[0]:
            grams.append(word)
        for size in _GRAMS:
            grams += [word[start : start + size] for start in range(len(word) - size + 1) if len(word) > _GRAMS[0]]
    return grams


_ANALYSES: dict[Analysis, Callable[[str], list[str]]] = {"words": words, "ngrams": ngrams}


class LexicalIndex:
    """BM25 scores of one question against every text, in the order they were indexed."""

    def __init__(self, analysis: Analysis, bm25: bm25s.BM25, vocabulary: frozenset[str], size: int) -> None:
        self._analysis = analysis
        self._analyse = _ANALYSES[analysis]
        self._bm25 = bm25
        self._vocabulary = vocabulary
        self._size = size

    @classmethod
    def build(cls, texts: Sequence[str], analysis: Analysis) -> LexicalIndex:
        """Indexes `texts`, at least one."""
        import bm25s

        tokens = [_ANALYSES[analysis](text) for text in texts]
        bm25 = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        bm25.index(tokens, show_progress=False)
        return cls(analysis, bm25, frozenset(token for each in tokens for token in each), len(texts))

    def scores(self, question: str) -> np.ndarray:
        """float32 of shape (number of texts,), at least 0."""
        known = [token for token in self._analyse(question) if token in self._vocabulary]
        if not known:
            return np.zeros(self._size, np.float32)
        return self._bm25.get_scores(known)

    def save(self, folder: Path) -> None:
        """Writes the index into the new folder `folder`."""
        self._bm25.save(str(folder), show_progress=False)
        head = {"analysis": self._analysis, "size": self._size}
        (folder / "analysis.json").write_text(json.dumps(head), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Opens what `save` wrote."""
        import bm25s

        head = json.loads((folder / "analysis.json").read_text("utf-8"))
        bm25 = bm25s.BM25.load(str(folder))
        return cls(head["analysis"], bm25, frozenset(bm25.vocab_dict), head["size"])


def _folded(text: str) -> list[str]:
    return _WORD.findall(text.casefold().translate(_FOLD))


@cache
def _stemmer():  # type: ignore[no-untyped-def]  # PyStemmer ships no types
    import Stemmer

    return Stemmer.Stemmer("german")
