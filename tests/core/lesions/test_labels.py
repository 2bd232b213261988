"""Tables of classes and findings, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.errors import FileRefusedError
from medssl.io import ImageListing
from medssl.lesions import read_lesion_labels
from medssl.lesions.folds import deal_folds
from tests.core.transfer.blobs import Blobs, write_blobs


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> ImageListing:
    blobs: Blobs = write_blobs(tmp_path_factory.mktemp("blobs"), 6)
    return blobs.listing


def table(folder: Path, *lines: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_classes_against_normal(listing: ImageListing, tmp_path: Path) -> None:
    path = table(
        tmp_path, "image,label,age", "p00.png,b,3", "p01.png,normal,4", "p02.png,m,5", "p03.png,,1"
    )
    labels = read_lesion_labels(path, listing.sources)
    assert labels.questions == ("lesion", "b", "m")
    assert labels.classes == {"b": 1, "m": 2}
    assert {key: target.tolist() for key, target in labels.targets.items()} == {
        "p00.png": [1, 1, 0], "p01.png": [0, 0, 0], "p02.png": [1, 0, 1],
    }  # fmt: skip
    assert "3 of 6 images have no label" in labels.notes[-1]


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("yes", "no")])
def test_a_single_finding(listing: ImageListing, tmp_path: Path, yes: str, no: str) -> None:
    path = table(tmp_path, "image,has_fluid", f"p00.png,{yes}", f"p01.png,{no}")
    labels = read_lesion_labels(path, listing.sources, ["has_fluid"])
    assert labels.questions == ("lesion",)
    assert labels.classes == {"has_fluid": 0}
    assert labels.targets["p00.png"].tolist() == [1]
    assert labels.kinds == {"p00.png": "has_fluid", "p01.png": "normal"}


def test_several_findings(listing: ImageListing, tmp_path: Path) -> None:
    path = table(tmp_path, "image,a,b", "p00.png,1,1", "p01.png,0,0", "p02.png,0,1")
    labels = read_lesion_labels(path, listing.sources, ["a", "b"])
    assert labels.targets["p00.png"].tolist() == [1, 1, 1]
    assert labels.targets["p02.png"].tolist() == [1, 0, 1]
    assert labels.kinds == {"p00.png": "a+b", "p01.png": "normal", "p02.png": "b"}


@pytest.mark.parametrize(
    ("lines", "columns", "said"),
    [
        (("image,label", "p00.png,b", "p01.png,m"), ["label"], "no image has the label 'normal'"),
        (("image,label", "p00.png,normal", "p01.png,normal"), ["label"], "all 2 images have"),
        (("image,label", "p00.png,b", "p00.png,normal"), ["label"], "in a line before"),
        (("image,label", "no.png,b"), ["label"], "none of its 1 images is"),
        (("image,a,b", "p00.png,1,0", "p01.png,0,1"), ["a", "b"], "each of its 2 images has"),
        (
            ("image,label", "p00.png,lesion", "p01.png,normal", "p02.png,b"), ["label"],
            "one of several classes is called 'lesion'",
        ),
    ],
)  # fmt: skip
def test_refused_tables(
    listing: ImageListing, tmp_path: Path, lines: tuple[str, ...], columns: list[str], said: str
) -> None:
    with pytest.raises(FileRefusedError, match=said):
        read_lesion_labels(table(tmp_path, *lines), listing.sources, columns)


def test_a_label_of_a_missing_image_is_told(listing: ImageListing, tmp_path: Path) -> None:
    path = table(tmp_path, "image,label", "p00.png,b", "p01.png,normal", "gone.png,b")
    labels = read_lesion_labels(path, listing.sources)
    assert "gone.png: not among the images" in labels.notes[0]


def test_folds_share_classes_and_keep_groups_together() -> None:
    keys = [f"i{number}" for number in range(40)]
    kinds = {key: "a" if number % 4 else "b" for number, key in enumerate(keys)}
    groups = {key: f"g{number // 2}" for number, key in enumerate(keys) if number < 20}
    parts = deal_folds(keys, kinds, groups, 5, seed=1)
    assert sorted(set(parts.tolist())) == [0, 1, 2, 3, 4]
    for name in set(groups.values()):
        mine = {int(p) for p, key in zip(parts, keys, strict=True) if groups.get(key) == name}
        assert len(mine) == 1
    alone = deal_folds(keys, kinds, {}, 5, seed=1)
    for part in range(5):
        dealt = [kinds[key] for key, p in zip(keys, alone, strict=True) if p == part]
        assert (dealt.count("a"), dealt.count("b")) == (6, 2)
    assert not (deal_folds(keys, kinds, {}, 5, seed=2) == alone).all()
