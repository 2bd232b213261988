"""Strokes and masks teach a head, and the whole cohort follows."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.embed import EmbeddedCohort
from medssl.errors import SettingsError
from medssl.evaluate.scores import dice
from medssl.segment.clusters import RefineSettings
from medssl.segment.few import LabelTeacher, Stroke, fit_head
from medssl.transfer import MaskFiles


def teacher_of(embedded: EmbeddedCohort) -> LabelTeacher:
    return LabelTeacher(embedded, ("disc",), refine=RefineSettings(radius=3))


def mean_dice(teacher: LabelTeacher, embedded: EmbeddedCohort, masks: MaskFiles) -> float:
    scores = []
    for case in embedded.prepared.cases[1:]:
        given = teacher.probabilities(case.key)
        assert given.shape == (1, *case.source_grid.shape)
        scores.append(dice(given[0] > 0.5, masks.read(case)[0]))
    return float(np.mean(scores))


def test_one_mask_segments_the_others(embedded: EmbeddedCohort, disc_masks: MaskFiles) -> None:
    teacher, first = teacher_of(embedded), embedded.cases[0].case
    teacher.show(first.key, disc_masks.read(first))
    teacher.fit()
    assert mean_dice(teacher, embedded, disc_masks) > 0.8


def test_two_strokes_segment_the_others_and_a_third_corrects(
    embedded: EmbeddedCohort, disc_masks: MaskFiles
) -> None:
    teacher, first = teacher_of(embedded), embedded.cases[0].case
    y, x = np.argwhere(disc_masks.read(first)[0]).mean(0)
    teacher.paint(first.key, Stroke(1, ((y - 9, x), (y + 9, x)), 3))
    with pytest.raises(SettingsError, match="beside it"):
        teacher.fit()
    teacher.paint(first.key, Stroke(0, ((4.0, 4.0), (4.0, 90.0), (90.0, 90.0)), 3))
    teacher.fit()
    before = mean_dice(teacher, embedded, disc_masks)
    teacher.paint(first.key, Stroke(0, ((y, 12.0), (y, x - 26)), 2))
    teacher.paint(first.key, Stroke(0, ((y + 26, x - 10), (y + 26, x + 10)), 2))
    teacher.fit()
    after = mean_dice(teacher, embedded, disc_masks)
    assert before > 0.3
    assert after > max(0.6, before)
    teacher.undo()
    teacher.undo()
    teacher.fit()
    assert mean_dice(teacher, embedded, disc_masks) == pytest.approx(before, abs=0.02)


def test_the_later_stroke_counts(embedded: EmbeddedCohort) -> None:
    teacher, key = teacher_of(embedded), embedded.cases[0].case.key
    line = ((48.0, 30.0), (48.0, 66.0))
    teacher.paint(key, Stroke(0, ((5.0, 5.0), (90.0, 5.0)), 2))
    teacher.paint(key, Stroke(0, line, 4))
    teacher.paint(key, Stroke(1, line, 4))
    teacher.fit()
    assert teacher.shares(key)[1, 12, 12] > 0.5


def test_what_cannot_be_learned_is_refused(embedded: EmbeddedCohort) -> None:
    teacher, key = teacher_of(embedded), embedded.cases[0].case.key
    with pytest.raises(SettingsError, match="value 2"):
        teacher.paint(key, Stroke(2, ((1.0, 1.0),)))
    with pytest.raises(SettingsError, match="outside of the image"):
        teacher.paint(key, Stroke(1, ((-90.0, 1.0),)))
    with pytest.raises(SettingsError, match="points of 2 numbers"):
        teacher.paint(key, Stroke(1, ((1.0, 1.0, 1.0),)))
    with pytest.raises(SettingsError, match="do not fit 1 structures"):
        teacher.show(key, np.zeros((2, 96, 96), bool))
    with pytest.raises(SettingsError, match="no stroke to take back"):
        teacher.undo()
    with pytest.raises(SettingsError, match="nothing was learned yet"):
        teacher.shares(key)
    with pytest.raises(SettingsError, match="beside it"):
        teacher.fit()


def test_a_small_class_is_not_lost() -> None:
    rng = np.random.default_rng(0)
    angle = np.concatenate([rng.normal(0, 0.5, 600), rng.normal(2, 0.5, 12)])
    features = np.stack([np.cos(angle), np.sin(angle)], 1)
    targets = np.eye(2)[(np.arange(612) >= 600).astype(int)]
    found = fit_head(features, targets).shares(features).argmax(1)
    assert (found[:600] == 0).mean() > 0.9
    assert (found[600:] == 1).mean() > 0.8


def test_marks_of_a_brush_teach_as_masks_do(
    embedded: EmbeddedCohort, disc_masks: MaskFiles
) -> None:
    teacher = LabelTeacher(embedded, ("disc",))
    first, other = embedded.cases[0].case, embedded.cases[3].case
    drawn = np.full(first.source_grid.shape, -1, np.int8)
    truth = disc_masks.read(first)[0]
    drawn[30:66] = truth[30:66]
    teacher.mark(first.key, drawn, 500)
    teacher.fit()
    found = teacher.probabilities(other.key)[0] > 0.5
    assert dice(found, disc_masks.read(other)[0]) > 0.6
    teacher.forget()
    with pytest.raises(SettingsError, match="nothing was learned"):
        teacher.shares(other.key)
    with pytest.raises(SettingsError, match="marks of shape"):
        teacher.mark(first.key, drawn[1:])
