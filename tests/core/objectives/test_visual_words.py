"""Invariants of the objective of visual words."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from medssl.objectives import VisualWords, VisualWordsSettings

from .test_dira import net_of, seen

WORDS = 5


def objective_of(ndim: int = 2) -> VisualWords:
    torch.manual_seed(3)
    objective = VisualWords(VisualWordsSettings(words=WORDS))
    objective.attach(net_of(ndim))
    return objective


def told(word: list[int], deepest: torch.Tensor, ndim: int = 2):
    """What the objective makes of maps whose images show these words."""
    views, outputs = seen(net_of(ndim), len(word))
    object.__setattr__(views, "word", torch.tensor(word))
    return objective_of(ndim)(views, outputs._replace(deepest=deepest), 2)


def test_it_is_the_logarithm_of_the_number_of_words_where_nothing_is_known() -> None:
    loss = objective_of().loss(torch.full((6, WORDS), 3.0), torch.tensor([0, 1, 2, 3, 4, 0]))
    assert float(loss) == pytest.approx(math.log(WORDS))


def test_it_is_its_formula() -> None:
    logits, word = torch.randn(4, WORDS), torch.tensor([2, 0, 4, 4])
    expected = -F.log_softmax(logits, 1)[torch.arange(4), word].mean()
    torch.testing.assert_close(objective_of().loss(logits, word), expected)


def test_views_without_a_word_give_neither_loss_nor_gradient() -> None:
    logits = torch.randn(4, WORDS, requires_grad=True)
    loss = objective_of().loss(logits, torch.tensor([1, -1, 3, -1]))
    torch.testing.assert_close(loss, objective_of().loss(logits[::2], torch.tensor([1, 3])))
    loss.backward()
    assert logits.grad is not None
    assert (logits.grad[1::2] == 0).all()
    assert (logits.grad[::2] != 0).all()
    none = objective_of().loss(logits, torch.full((4,), -1))
    assert float(none.detach()) == 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_both_views_learn_the_word_of_their_image(ndim: int) -> None:
    deepest = torch.randn(6, 6, *[4] * ndim, requires_grad=True)
    told([1, -1, 4], deepest, ndim).loss.backward()
    assert deepest.grad is not None
    learns = deepest.grad.flatten(1).abs().amax(1) > 0
    assert learns.tolist() == [True, False, True] * 2


def test_accuracy_counts_the_views_that_show_a_word() -> None:
    maps = 30 * torch.randn(8, 6, 4, 4)
    guessed = objective_of().head(maps.mean((2, 3))).argmax(1)
    word = guessed[:4].clone()
    word[0] = -1
    word[1] = (word[1] + 1) % WORDS
    right = (guessed == word.repeat(2)).float().sum() / 6
    metrics = told(word.tolist(), maps).metrics
    assert float(metrics["word_accuracy"]) == pytest.approx(float(right))
    assert float(right) >= 2 / 6


def test_spread_tells_whether_views_are_told_apart() -> None:
    alike = told([0, 1, 2], torch.ones(6, 6, 4, 4)).metrics["image_spread"]
    apart = told([0, 1, 2], 30 * torch.randn(6, 6, 4, 4)).metrics["image_spread"]
    assert float(alike) < 1e-3
    assert float(apart) > 0.5
