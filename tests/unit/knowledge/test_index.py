from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.index import VectorIndex


def unit_rows(count: int, dimension: int = 8) -> np.ndarray:
    rows = np.random.default_rng(7).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_nearest_rows_come_first() -> None:
    rows = unit_rows(20)
    index = VectorIndex.build(rows)
    expected = np.argsort(-(rows @ rows[4]), kind="stable")[:5]
    assert list(index.search(rows[4], 5)) == list(expected)
    assert expected[0] == 4


def test_no_more_rows_are_found_than_there_are() -> None:
    assert sorted(VectorIndex.build(unit_rows(3)).search(unit_rows(1)[0], 50)) == [0, 1, 2]


def test_scores_are_inner_products_in_the_order_asked() -> None:
    rows = unit_rows(10)
    chosen = np.array([7, 2, 2])
    assert VectorIndex.build(rows).scores(rows[0], chosen) == pytest.approx(rows[chosen] @ rows[0], abs=1e-6)


def test_stored_vectors_come_back_as_they_were() -> None:
    rows = unit_rows(10)
    assert np.array_equal(VectorIndex.build(rows).vectors(np.array([9, 0])), rows[[9, 0]])


def test_standardised_scores_are_deviations_over_all_rows() -> None:
    rows = unit_rows(50)
    scores = rows @ rows[3]
    standard = VectorIndex.build(rows).standardise(rows[3], scores)
    assert standard == pytest.approx((scores - scores.mean()) / scores.std(), abs=1e-3)


def test_equal_rows_standardise_to_finite_numbers() -> None:
    rows = np.repeat(unit_rows(1), 4, axis=0)
    index = VectorIndex.build(rows)
    assert np.isfinite(index.standardise(rows[0], rows @ rows[0])).all()


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = VectorIndex.build(np.zeros((0, 8), np.float32))
    index.save(tmp_path / "empty.faiss")
    for each in (index, VectorIndex.load(tmp_path / "empty.faiss")):
        assert len(each) == 0
        assert each.search(unit_rows(1)[0], 5).shape == (0,)
        assert each.vectors(np.empty(0, np.int64)).shape == (0, 8)


def test_a_saved_index_searches_and_standardises_the_same(tmp_path: Path) -> None:
    rows = unit_rows(12)
    index = VectorIndex.build(rows)
    index.save(tmp_path / "rows.faiss")
    loaded = VectorIndex.load(tmp_path / "rows.faiss")
    found = index.search(rows[1], 12)
    assert np.array_equal(loaded.search(rows[1], 12), found)
    scores = index.scores(rows[1], found)
    assert np.array_equal(loaded.standardise(rows[1], scores), index.standardise(rows[1], scores))
