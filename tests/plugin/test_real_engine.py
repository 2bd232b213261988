"""The session on medssl's own core: trained models, volumes, mixed folders, bad models."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medssl.errors import ModelError
from medssl.io import list_images, write_image
from medssl.nets import Architecture
from medssl.phantom import make_chest, make_volume
from medssl.prepare import ArrayCache, PrepareSettings, prepare_cohort
from medssl.presets import ld_recipe
from medssl.pretrain import PretrainSettings, pretrain
from medssl.protocols import Protocol, ProtocolDefinition, open_protocol
from medssl.protocols.folder import write_definition
from napari_medssl.engine import CoreEngine
from napari_medssl.session import Session, Status

sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "io"))
from dicom_files import make_slice

Said = list[Status]


@pytest.fixture(scope="module")
def made_films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four films of chest phantoms, made once."""
    folder = tmp_path_factory.mktemp("films") / "films"
    folder.mkdir()
    for seed in range(4):
        write_image(make_chest(seed, 96).image, folder / f"film_{seed}.nrrd")
    return folder


@pytest.fixture
def films(made_films: Path, tmp_path: Path) -> Path:
    """The films in a place where nobody has clicked yet."""
    return Path(shutil.copytree(made_films, tmp_path / "films"))


@pytest.fixture(scope="module")
def made_trunks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three volumes of trunk phantoms, made once."""
    folder = tmp_path_factory.mktemp("trunks") / "trunks"
    folder.mkdir()
    for seed in range(3):
        write_image(make_volume(seed, 32).image, folder / f"trunk_{seed}.nii.gz")
    return folder


@pytest.fixture
def trunks(made_trunks: Path, tmp_path: Path) -> Path:
    """The volumes in a place where nobody has clicked yet."""
    return Path(shutil.copytree(made_trunks, tmp_path / "trunks"))


@pytest.fixture(scope="module")
def run(made_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of a tiny training on the films."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    cache = ArrayCache(tmp_path_factory.mktemp("cache"))
    cohort = prepare_cohort(list_images(made_films), PrepareSettings(longest_side=96), cache)
    recipe = ld_recipe("quick", "dense", ndim=2).model_copy(
        update={
            "architecture": Architecture.plain(
                ndim=2, widths=(4, 8), out_stride=2, embedding_channels=8
            ),
            "batch": 2,
            "largest_crop": 32,
        }
    )
    settings = PretrainSettings(custom=recipe, ndim=2, steps=2, device="cpu", compile="off")
    pretrain(cohort, settings, folder)
    return folder


@pytest.fixture
def session(new_session: Any) -> Session:
    return new_session(CoreEngine())


@pytest.fixture
def said(session: Session) -> Said:
    heard: Said = []
    session.status_changed.connect(heard.append)
    return heard


def click_carina(session: Session) -> None:
    session.go_to("film_0.nrrd")
    session.add_landmark("carina")
    assert session.place(make_chest(0, 96).landmarks["carina"])


@pytest.mark.parametrize("part", ["run", "model"])
def test_a_run_folder_and_a_model_folder_serve(session, said, films, run, part) -> None:
    session.set_model(run if part == "run" else run / "model")
    session.open_images(films)
    click_carina(session)
    assert said[-1].kind == "done", said[-1].text
    assert len(session.points_of("carina")) == 4
    assert session.similarity is not None
    assert session.ready is not None
    assert session.ready.model != "instant"


def test_another_model_finds_everything_again(session, films, run) -> None:
    session.open_images(films)
    click_carina(session)
    before = {p.case_key: p.point_vox for p in session.points_of("carina")}
    session.set_model(run)
    after = {p.case_key: p.point_vox for p in session.points_of("carina")}
    assert before["film_0.nrrd"] == after["film_0.nrrd"]
    assert before != after


def test_a_model_for_pictures_is_refused_for_volumes(session, said, trunks, run) -> None:
    session.set_model(run)
    session.open_images(trunks)
    assert said[-1].kind == "error"
    assert str(run) in said[-1].text
    assert "3-D" in said[-1].text
    assert "2-D" in said[-1].text
    session.set_model("instant")
    assert session.ready is not None
    assert said[-1].kind == "done"


@pytest.mark.parametrize("damage", ["weights", "card", "gone"])
def test_a_damaged_model_is_named_and_clicks_go_on(
    session, said, films, run, tmp_path, damage
) -> None:
    model = tmp_path / "damaged"
    shutil.copytree(run / "model", model)
    if damage == "weights":
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:100])
    elif damage == "card":
        (model / "model.json").write_text('{"format": 1, "archi')
    else:
        shutil.rmtree(model)
    session.set_model(model)
    session.open_images(films)
    assert said[-1].kind == "error"
    assert str(model) in said[-1].text
    assert "unexpected" not in said[-1].text
    click_carina(session)
    assert len(session.points) == 1
    session.set_model("instant")
    assert len(session.points) == 4


def test_one_click_in_a_volume_is_found_in_the_others(session, said, trunks) -> None:
    session.open_images(trunks)
    truth = [make_volume(seed, 32).landmarks for seed in range(3)]
    name = next(iter(truth[0]))
    session.add_landmark(name)
    assert session.place(truth[0][name])
    assert said[-1].kind == "done", said[-1].text
    found = {p.case_key: p.point_vox for p in session.points_of(name)}
    assert len(found) == 3
    for seed in (1, 2):
        distance = np.linalg.norm(np.subtract(found[f"trunk_{seed}.nii.gz"], truth[seed][name]))
        assert distance < 10  # voxels of 32 and more: it is near, and in the right slices


def test_most_images_decide_and_the_rest_is_named(session, said, films, trunks, tmp_path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(films, mixed)
    shutil.copy(trunks / "trunk_0.nii.gz", mixed)
    session.open_images(mixed)
    assert len(session.sources) == 4
    assert [p.path.name for p in session.problems] == ["trunk_0.nii.gz"]
    assert "1 could not be used" in said[-1].text
    click_carina(session)
    assert len(session.points) == 4


def test_masks_beside_the_images_are_left_out(session, said, films, tmp_path) -> None:
    root = tmp_path / "data"
    shutil.copytree(films, root / "images")
    shutil.copytree(films, root / "masks")
    session.open_images(root)
    assert [s.key for s in session.sources] == [f"images/film_{i}.nrrd" for i in range(4)]
    assert not session.problems
    assert "masks" in session.listing_notes[0]
    assert "1 note below" in said[-1].text


def test_warnings_of_the_shown_image_are_there(session, tmp_path) -> None:
    folder = tmp_path / "x-rays"
    pixels = np.random.default_rng(0).integers(0, 900, (64, 64))
    for number, spacing in enumerate(("PixelSpacing", "ImagerPixelSpacing")):
        tags = {"PixelSpacing": None, spacing: [0.2, 0.2]}
        if spacing == "PixelSpacing":
            tags["ImagerPixelSpacing"] = [0.3, 0.3]
        make_slice(folder / f"{number}.dcm", pixels + number, number=number, Modality="DX", **tags)
    session.open_images(folder)
    assert len(session.sources) == 2
    notes = []
    for index in range(2):
        session.go(index)
        notes.append(session.notes)
    assert sorted(map(len, notes)) == [0, 1]
    assert any("detector" in note for one in notes for note in one)


def test_a_protocol_s_examples_are_searched_with_and_never_shown(
    films: Path, trunks: Path, tmp_path: Path
) -> None:
    protocol = _protocol(tmp_path / "carina.protocol")
    engine = CoreEngine()
    engine.use_protocol(protocol)
    ready = engine.get_ready(list_images(films), "instant", "cpu", _silent)
    assert [case.key for case in ready.cases] == [f"film_{seed}.nrrd" for seed in range(4)]
    found = engine.find(["carina"], {}, _silent)
    assert [point.case_key for point in found] == [case.key for case in ready.cases]
    misses = [
        np.linalg.norm(np.subtract(point.point_vox, make_chest(seed, 96).landmarks["carina"]))
        for seed, point in enumerate(found)
    ]
    assert np.median(misses) < 8  # of 96
    corrected = {"carina": {"film_0.nrrd": make_chest(0, 96).landmarks["carina"]}}
    assert len(engine.find(["carina"], corrected, _silent)) == 3
    with pytest.raises(ModelError, match="for 2-D images"):
        engine.get_ready(list_images(trunks), "instant", "cpu", _silent)
    assert len(engine.get_ready(list_images(trunks), "instant", "cpu", _silent).cases) == 3


def _silent(done: int, total: int, message: str) -> None:
    """Tell nobody."""


def _protocol(folder: Path) -> Protocol:
    folder.mkdir()
    phantom = make_chest(9, 96)
    write_image(phantom.image, folder / "template-1.nrrd")
    points = {"carina": phantom.landmarks["carina"]}
    definition = ProtocolDefinition(
        name="carina",
        landmarks=({"name": "carina"},),
        templates=({"file": "template-1.nrrd", "points": points},),
    )
    write_definition(folder, definition)
    return open_protocol(folder)
