"""Tables of labels: what they mean, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.errors import FileRefusedError
from medssl.io.sources import ImageSource
from medssl.transfer import read_labels

SOURCES = tuple(
    ImageSource(Path(f"images/{name}.png"), f"{name}.png", f"{name}.png", ()) for name in "abcde"
)


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_classes(tmp_path: Path) -> None:
    path = table(
        tmp_path, "image,label,group\na.png,ill,p1\nb.png,well,p2\nc.png,ill,p1\nz.png,ill,p9\n"
    )
    labels = read_labels(path, SOURCES)
    assert labels.names == ("ill", "well")
    assert labels.exclusive
    assert labels.targets["a.png"].tolist() == [1, 0]
    assert labels.targets["b.png"].tolist() == [0, 1]
    assert labels.strata() == {"ill": ("a.png", "c.png"), "well": ("b.png",)}
    assert labels.groups == {"a.png": "p1", "b.png": "p2", "c.png": "p1"}
    assert "z.png" in labels.notes[0]
    assert labels.notes[1].startswith("2 of 5 images have no label")


def test_an_empty_field_is_no_label(tmp_path: Path) -> None:
    labels = read_labels(table(tmp_path, "image,label\na.png,x\nb.png,\nc.png,y\n"), SOURCES)
    assert set(labels.targets) == {"a.png", "c.png"}


def test_findings(tmp_path: Path) -> None:
    path = table(tmp_path, "image;fluid;mass\na.png;1;0\nb.png;1;1\nc.png;0;0\n")
    labels = read_labels(path, SOURCES, ("fluid", "Mass"))
    assert not labels.exclusive
    assert labels.names == ("fluid", "mass")
    assert labels.targets["b.png"].tolist() == [1, 1]
    assert labels.strata()["none"] == ("c.png",)


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("image,class\na.png,x\n", ("label",), "column label is missing"),
        ("image,label\na.png,x\nb.png,x\n", ("label",), "all 2 images have the label 'x'"),
        ("image,label\nq.png,x\nr.png,y\n", ("label",), "none of its 2 images is among"),
        ("image,label\na.png,x\nb.png,y\na.png,y\n", ("label",), "line 4: a.png is y here and x"),
        ("image,f,g\na.png,1,2\nb.png,0,1\n", ("f", "g"), "the finding g is '2'"),
        ("image,f,g\na.png,1,1\nb.png,0,1\n", ("f", "g"), "the finding g is the same in all 2"),
        ("image,label\n", ("label",), "labels no image"),
    ],
)
def test_refused(tmp_path: Path, text: str, columns: tuple[str, ...], said: str) -> None:
    with pytest.raises(FileRefusedError, match=r"labels\.csv") as error:
        read_labels(table(tmp_path, text), SOURCES, columns)
    assert said in str(error.value)


def test_a_name_that_fits_two_images_is_refused(tmp_path: Path) -> None:
    twice = tuple(
        ImageSource(Path(f"{folder}/a.png"), f"{folder}/a.png", "a.png", ()) for folder in "xy"
    )
    with pytest.raises(FileRefusedError, match="fits several images"):
        read_labels(table(tmp_path, "image,label\na.png,x\n"), twice)
