"""The finder as a user meets it: clicks, corrections, refusals, progress."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import Cancelled, SettingsError
from medssl.landmarks import LandmarkFinder, MatchSettings


def errors(found, truth) -> np.ndarray:
    return np.array(
        [np.linalg.norm(np.array(f.point_vox) - truth[f.case_key][f.landmark]) for f in found]
    )


def clicked(chests, landmarks, case_key="00.png", settings=None) -> LandmarkFinder:
    embedded, truth = chests
    finder = LandmarkFinder(embedded, settings)
    for landmark in landmarks:
        finder.add_template(landmark, case_key, truth[case_key][landmark])
    return finder


def test_one_click_finds_all_others_in_order(chests) -> None:
    embedded, truth = chests
    finder = clicked(chests, ["carina", "aortic_knob"])
    found = finder.find()
    others = [one.case.key for one in embedded.cases if one.case.key != "00.png"]
    assert [(f.landmark, f.case_key) for f in found] == [
        (name, key) for name in ("carina", "aortic_knob") for key in others
    ]
    diagonal = [np.hypot(*embedded.case(f.case_key).case.source_grid.shape) for f in found]
    assert np.median(errors(found, truth) / diagonal) < 0.04
    for f in found:
        assert 0 <= f.confidence <= 1
        assert f.level in ("high", "check", "low")
        grid = embedded.case(f.case_key).case.source_grid
        np.testing.assert_allclose(grid.voxel_to_world(f.point_vox), f.point_world)
        assert grid.contains_voxel(f.point_vox)


def test_some_landmarks_in_some_images(chests) -> None:
    finder = clicked(chests, ["carina", "aortic_knob"])
    found = finder.find(["aortic_knob"], ["03.png", "01.png"])
    assert [(f.landmark, f.case_key) for f in found] == [
        ("aortic_knob", "03.png"),
        ("aortic_knob", "01.png"),
    ]


def test_the_same_clicks_give_the_same_points(chests) -> None:
    first = clicked(chests, ["carina"]).find()
    finder = clicked(chests, ["carina"])
    finder.prepare("05.png")
    assert finder.find() == first


def test_corrections_move_results_towards_the_truth(chests) -> None:
    _, truth = chests
    name = "left_costophrenic_angle"
    first, *_ = (key for key, points in truth.items() if name in points)
    finder = clicked(chests, [name], first)
    having = [key for key, points in truth.items() if name in points and key != first]
    corrected, rest = having[:3], having[3:]
    before = errors(finder.find(cases=rest), truth).mean()
    for key in corrected:
        finder.add_template(name, key, truth[key][name])
    found = finder.find()
    assert set(corrected).isdisjoint(f.case_key for f in found)
    assert errors(finder.find(cases=rest), truth).mean() < before


def test_a_clicked_image_is_not_searched_and_the_last_click_counts(chests) -> None:
    finder = clicked(chests, ["carina"])
    finder.add_template("carina", "00.png", (100, 100))
    assert [t.point_vox for t in finder.templates["carina"]] == [(100.0, 100.0)]
    assert finder.find(cases=["00.png"]) == []


def test_templates_are_forgotten(chests) -> None:
    finder = clicked(chests, ["carina", "aortic_knob"])
    finder.remove_template("carina", "00.png")
    finder.remove_template("carina", "nowhere.png")
    with pytest.raises(SettingsError, match="carina: click it in one image first"):
        finder.find(["carina"])
    assert {f.landmark for f in finder.find(cases=["01.png"])} == {"aortic_knob"}
    finder.clear("aortic_knob")
    assert finder.find() == []


def test_refusals_say_what_was_wrong(chests) -> None:
    finder = clicked(chests, ["carina"])
    height, width = chests[0].case("01.png").case.source_grid.shape
    with pytest.raises(SettingsError, match=rf"outside of 01.*{height} × {width}"):
        finder.add_template("carina", "01.png", (height + 5, 10))
    with pytest.raises(SettingsError, match="outside"):
        finder.add_template("carina", "01.png", (10, 10, 10))
    with pytest.raises(SettingsError, match="nobody"):
        finder.add_template("carina", "nobody.png", (10, 10))
    with pytest.raises(SettingsError, match="nobody"):
        finder.find(cases=["nobody.png"])
    with pytest.raises(SettingsError, match="nobody"):
        finder.prepare("nobody.png")
    with pytest.raises(SettingsError, match="spleen"):
        finder.find(["spleen"])
    with pytest.raises(SettingsError, match="spleen"):
        finder.similarity_map("spleen", "01.png")
    assert len(finder.templates["carina"]) == 1


def test_progress_is_one_count_that_ends_at_its_total(chests) -> None:
    finder = clicked(chests, ["carina", "aortic_knob"])
    told = []
    finder.find(progress=lambda *step: told.append(step))
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert {step[1] for step in told} == {done[-1]}
    assert told[0][2].startswith("Aligning 00")
    assert told[-1][2] == "Finding aortic_knob"
    again = []
    finder.find(progress=lambda *step: again.append(step))
    assert all(step[2].startswith("Finding") for step in again)


def test_a_cancelled_search_leaves_the_finder_usable(chests) -> None:
    finder = clicked(chests, ["carina"])

    def stop(done: int, total: int, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        finder.find(progress=stop)
    told = []
    found = finder.find(progress=lambda *step: told.append(step))
    whole = []
    clicked(chests, ["carina"]).find(progress=lambda *step: whole.append(step))
    assert len(told) < len(whole)  # what was aligned before the stop is not aligned again
    assert found == clicked(chests, ["carina"]).find()


def test_prepare_does_ahead_what_a_click_needs(chests) -> None:
    finder = clicked(chests, [])
    finder.prepare("02.png")
    finder.add_template("carina", "02.png", chests[1]["02.png"]["carina"])
    told = []
    finder.find(progress=lambda *step: told.append(step[2]))
    assert set(told) == {"Finding carina"}


def test_the_similarity_map_peaks_at_the_click_in_the_world(chests) -> None:
    embedded, truth = chests
    finder = clicked(chests, ["carina"])
    values, grid = finder.similarity_map("carina", "00.png")
    assert values.dtype == np.float32
    assert values.shape == grid.shape
    assert values.max() <= 1.01
    peak = grid.voxel_to_world(np.unravel_index(values.argmax(), values.shape))
    source = embedded.case("00.png").case.source_grid
    click = source.voxel_to_world(truth["00.png"]["carina"])
    assert np.linalg.norm(peak - click) <= 0.75 * np.linalg.norm(grid.spacing)
    plain = embedded.case("00.png").embedding.astype(np.float32)
    np.testing.assert_allclose(values, plain @ finder.templates["carina"][0].descriptor, atol=1e-4)


def test_a_cohort_of_one_or_two_images(embed, film) -> None:
    alone = LandmarkFinder(embed({"a": film}))
    alone.add_template("x", "a.tif", (90, 80))
    assert alone.find() == []
    two = LandmarkFinder(embed({"a": film, "b": film}))
    two.add_template("x", "a.tif", (90, 80))
    (found,) = two.find()
    np.testing.assert_allclose(found.point_vox, (90, 80), atol=0.3)


def test_images_of_very_different_sizes(embed, film) -> None:
    finder = LandmarkFinder(
        embed(
            {
                "big": np.kron(film, np.ones((3, 3), np.float32)),
                "film": film,
                "small": film[::4, ::4],
                "strip": film[:12],
                "dot": film[:1, :1],
            }
        )
    )
    finder.add_template("x", "film.tif", (90, 80))
    by_key = {f.case_key: f for f in finder.find()}
    assert len(by_key) == 4
    np.testing.assert_allclose(by_key["big.tif"].point_vox, (271, 241), atol=4)
    np.testing.assert_allclose(by_key["small.tif"].point_vox, (22.5, 20), atol=1)
    assert all(np.isfinite(f.point_vox).all() for f in by_key.values())
    assert by_key["dot.tif"].point_vox == (0, 0)


def test_without_cycle_and_relays(chests) -> None:
    found = clicked(chests, ["carina"], settings=MatchSettings(cycle=False, relays=0)).find()
    assert all(f.cycle_error is None for f in found)


@pytest.mark.parametrize("clicked", ["film.tif", "flat.tif"])
def test_nothing_is_sure_in_a_constant_image_or_from_one(embed, film, clicked: str) -> None:
    flat = np.full((200, 180), 7.0, np.float32)
    finder = LandmarkFinder(embed({"film": film[::2, ::2], "flat": flat, "flat2": flat}))
    finder.add_template("point", clicked, (40, 50))
    levels = {f.case_key: f.level for f in finder.find() if f.case_key != clicked}
    assert set(levels.values()) == {"low"}
