"""Cell ``i`` of stride ``s`` is centred at voxel ``i·s + (s−1)/2``, pooled or not."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from medssl.correspond.cells import anchor_places, cells_to_units, pool_cells, read_places
from medssl.views.sampling import voxel_positions


def ramp(shape: tuple[int, ...], stride: int) -> torch.Tensor:
    """An embedding that says, in its directions, at which voxel its cells are centred."""
    centres = voxel_positions(shape) * stride + (stride - 1) / 2
    return F.normalize(torch.cat([torch.full((*shape, 1), 30.0), centres], -1), dim=-1).movedim(
        -1, 0
    )


def voxels(vectors: torch.Tensor) -> torch.Tensor:
    return vectors[:, 1:] / vectors[:, :1] * 30.0


@pytest.mark.parametrize("shape", [(12, 10), (6, 5, 4)])
@pytest.mark.parametrize("most", [10_000, 20])
def test_pooled_cells_lie_where_their_vectors_say(shape: tuple[int, ...], most: int) -> None:
    stride, unit = 4, 40.0
    size = tuple(4 * n for n in shape)
    cells = pool_cells(ramp(shape, stride), size, stride, unit, most)
    assert len(cells.places) <= max(most * 1.2, 1) or most > 1000
    error = (voxels(cells.features.float()) - cells.places * unit).abs().max()
    assert error < (0.05 if most > 1000 else 1.0)
    assert cells.extent.tolist() == pytest.approx([n / unit for n in size])


def test_a_border_group_of_fewer_cells_is_centred_on_them() -> None:
    cells = pool_cells(ramp((5, 5), 1), (5, 5), 1, 1.0, most=7)
    assert sorted({float(y) for y in cells.places[:, 0]}) == [0.5, 2.5, 4.0]


@pytest.mark.parametrize(("shape", "wanted"), [((64, 64), 150), ((30, 60), 150), ((9, 12, 15), 99)])
def test_anchors_cover_the_image_evenly(shape: tuple[int, ...], wanted: int) -> None:
    places = anchor_places(shape, wanted)
    assert 0.7 * wanted < len(places) < 1.4 * wanted
    middle = (torch.tensor(shape) - 1) / 2
    torch.testing.assert_close(places.mean(0), middle)
    assert places.min() > 0
    assert (places < torch.tensor(shape) - 1).all()


def test_a_flat_volume_has_anchors_in_its_one_layer() -> None:
    places = anchor_places((1, 16, 16), 50)
    assert set(places[:, 0].tolist()) == {0.0}


@pytest.mark.parametrize("shape", [(7, 9), (5, 6, 7)])
def test_reading_between_cells(shape: tuple[int, ...]) -> None:
    stride, unit = 2, 10.0
    places = anchor_places(shape, 30)
    vectors = read_places(ramp(shape, stride), places)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(places)))
    said = voxels(vectors) / unit
    torch.testing.assert_close(said, cells_to_units(places, stride, unit), atol=0.01, rtol=0)
