"""The vector index: exact inner products with FAISS, and what is needed to standardise them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import faiss


class VectorIndex:
    """Unit vectors by row. Scores are inner products, so cosines in [-1, 1]."""

    def __init__(self, index: faiss.Index, mean: np.ndarray, covariance: np.ndarray) -> None:
        self._index = index
        self._mean = mean
        self._covariance = covariance

    @classmethod
    def build(cls, vectors: np.ndarray) -> VectorIndex:
        """Indexes float32 rows of length 1; there may be none."""
        import faiss

        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, np.float32))
        count = max(len(vectors), 1)
        mean = vectors.sum(axis=0) / count
        covariance = vectors.T @ vectors / count - np.outer(mean, mean)
        return cls(index, mean, covariance)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vector: np.ndarray, top_k: int) -> np.ndarray:
        """The rows with the largest scores, best first, at most `top_k`."""
        if not len(self):
            return np.empty(0, np.int64)
        _, rows = self._index.search(vector.reshape(1, -1), min(top_k, len(self)))
        return rows[0]

    def scores(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The score of each of `rows`, in their order."""
        return self.vectors(rows) @ vector.reshape(-1)

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The stored vectors of `rows`, shape (len(rows), dimension)."""
        if not len(rows):
            return np.empty((0, self._index.d), np.float32)
        return self._index.reconstruct_batch(np.ascontiguousarray(rows, np.int64))

    def standardise(self, vector: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Scores minus the mean over all rows, divided by their deviation. Both follow from the stored mean
        and covariance of the vectors (E[v·q] = m·q, Var[v·q] = qᵀCq), so no row has to be read."""
        query = vector.reshape(-1)
        deviation = float(np.sqrt(max(query @ self._covariance @ query, 1e-12)))
        return (scores - self._mean @ query) / deviation

    def save(self, path: Path) -> None:
        """Writes `path` and, beside it, the statistics as `path` with the ending .npz."""
        import faiss

        faiss.write_index(self._index, str(path))
        np.savez(path.with_suffix(".npz"), mean=self._mean, covariance=self._covariance)

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """Opens what `save` wrote."""
        import faiss

        with np.load(path.with_suffix(".npz"), allow_pickle=False) as statistics:
            return cls(faiss.read_index(str(path)), statistics["mean"], statistics["covariance"])
