"""German analysis and the sparse index: BM25 over word stems or over character n-grams.

Character 4- and 5-grams inside words bear inflection, compounds and slips of the keyboard at once.
BM25: Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009 (variant "lucene" of bm25s).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
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
_DAMPING = 0.75  # a long word has many n-grams; undamped, it alone would decide


def words(text: str) -> list[list[str]]:
    """The stem of each word, lower case, umlauts written out so that "für" and "fuer" are the same."""
    return [[stem] for stem in _stemmer().stemWords(_folded(text))]


def ngrams(text: str) -> list[list[str]]:
    """For each folded word its character 4- and 5-grams; a word of four letters or less as it is."""
    return [_grams(word) if len(word) > _GRAMS[0] else [word] for word in _folded(text)]


_ANALYSES: dict[Analysis, Callable[[str], list[list[str]]]] = {"words": words, "ngrams": ngrams}


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

        tokens = [list(chain.from_iterable(_ANALYSES[analysis](text))) for text in texts]
        bm25 = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        bm25.index(tokens, show_progress=False)
        return cls(analysis, bm25, frozenset(token for each in tokens for token in each), len(texts))

    def scores(self, question: str) -> np.ndarray:
        """float32 of shape (number of texts,), at least 0."""
        scores = np.zeros(self._size, np.float32)
        for tokens in self._analyse(question):
            known = [token for token in tokens if token in self._vocabulary]
            if known:
                scores += self._bm25.get_scores(known) / len(tokens) ** _DAMPING
        return scores

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


def _grams(word: str) -> list[str]:
    return [word[start : start + size] for size in _GRAMS for start in range(len(word) - size + 1)]


def _folded(text: str) -> list[str]:
    return _WORD.findall(text.casefold().translate(_FOLD))


@cache
def _stemmer():  # type: ignore[no-untyped-def]  # PyStemmer ships no types
    import Stemmer

    return Stemmer.Stemmer("german")
