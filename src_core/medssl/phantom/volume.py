"""Trunks as a CT sees them, in Hounsfield units."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io.image import Image
from medssl.phantom.case import Phantom
from medssl.phantom.fields import Field, smooth_noise, step
from medssl.phantom.volume_bones import ribs_3d, spine_3d
from medssl.phantom.volume_organs import Blob, Coordinates, place_voxels

_MM_PER_UNIT = 165.0
_LUNGS = {
    "right_lung": Blob((-0.44, 0.02, 0.60), (0.40, 0.50, 0.62), 0.10, 0.05),
    "left_lung": Blob((0.45, 0.03, 0.60), (0.38, 0.49, 0.62), -0.10, 0.05),
}
_ORGANS = {
    "liver": (Blob((-0.33, -0.06, -0.20), (0.54, 0.46, 0.36), 0.25), 105.0),
    "spleen": (Blob((0.62, 0.24, -0.18), (0.15, 0.22, 0.24), 0.25), 120.0),
    "stomach": (Blob((0.36, -0.16, -0.20), (0.26, 0.24, 0.24), -0.5), 35.0),
    "right_kidney": (Blob((-0.42, 0.34, -0.55), (0.13, 0.12, 0.25), -0.2, 0.03), 165.0),
    "left_kidney": (Blob((0.40, 0.35, -0.47), (0.13, 0.12, 0.25), 0.2, 0.03), 165.0),
    "heart": (Blob((0.14, -0.22, 0.30), (0.35, 0.30, 0.28), -0.5), 140.0),
}


def make_volume(seed: int, size: int = 96, *, lesions: bool = False) -> Phantom:
    """Make one trunk, from the lung apices to the kidneys, like a coarse CT.

    Parameters
    ----------
    seed
        The same seed gives the same volume.
    size
        Voxels along the body, at least 32; the voxel is about ``415 / size`` mm wide.
    lesions
        Whether to put round lesions into liver and lungs of about two volumes of three.

    Returns
    -------
    Phantom
        Hounsfield units (int16) on an LPS grid, array axes to superior, posterior and left;
        the landmarks ``carina``, ``aortic_arch``, ``right_lung_apex``, ``left_lung_apex``,
        ``liver_dome``, ``right_kidney_centroid``, ``left_kidney_centroid`` and
        ``spleen_centroid``; the masks ``right_lung``, ``left_lung``, ``heart``, ``liver``,
        ``spleen``, ``stomach``, ``right_kidney``, ``left_kidney``, ``aorta`` and ``spine``.

    Raises
    ------
    SettingsError
        If `size` is under 32 voxels.
    """
    if size < 32:
        raise SettingsError(f"a trunk phantom needs 32 voxels along the body, not {size}")
    rng = np.random.default_rng([seed, 3])
    shape = (
        round(size * float(rng.uniform(0.94, 1.0))),
        round(size * float(rng.uniform(0.66, 0.76))),
        round(size * float(rng.uniform(0.90, 1.0))),
    )
    mm = 415.0 / size * float(np.exp(rng.normal(0, 0.05)))
    at, matrix = place_voxels(rng, shape, mm / _MM_PER_UNIT)
    body = Blob((0, 0, 0), (1.06, 0.74, 9.0), 0.0, 0.03).vary(rng, 0.01, 0.05).depth(rng, at)
    body -= 0.7 * np.maximum(at[2] - 0.95, 0)
    values = np.full(shape, -1000.0, np.float32)
    _paint(values, step(body, 0.03), -95.0)
    fat = float(rng.uniform(0.08, 0.18))
    _paint(values, step(body - fat, 0.03), 50.0 + 12.0 * smooth_noise(rng, shape, (14, 12, 14)))
    _paint_belly(rng, values, step(body - fat - 0.17, 0.05) * step(-0.05 - at[2], 0.1))
    masks = _paint_lungs(rng, values, at, body - fat - 0.12)
    masks |= _paint_organs(rng, values, at, masks)
    carina = np.array([0.0, 0.05, 0.62]) + rng.normal(0, 0.03, 3)
    masks["aorta"], arch = _paint_vessels(rng, values, at, carina)
    lesion_mask = _paint_lesions(rng, values, at, masks) if lesions else None
    bones = np.maximum(spine_3d(rng, at), ribs_3d(rng, at, body - fat))
    _paint(values, np.clip(bones, 0, 1), 250.0 + 350.0 * np.clip(bones - 0.55, 0, 1))
    masks["spine"] = _spine_mask(at, bones)
    noise = gaussian_filter(rng.standard_normal(shape, np.float32), 0.6) * rng.uniform(15, 45)
    values = np.clip(gaussian_filter(values, 0.55) + noise, -1024, 3000)
    grid = Grid.create(shape, (mm, mm, mm), tuple(float(v) for v in rng.normal(0, 40, 3)))
    image = Image(
        values.astype(np.int16), grid, "zyx", f"trunk {seed}", modality="CT", window=(40.0, 400.0)
    )
    points = _landmarks(at, matrix, masks, {"carina": carina, "aortic_arch": arch})
    return Phantom(image, points, masks, lesion_mask)


def _paint(values: Field, share: ArrayLike, level: ArrayLike) -> None:
    """Replace what is there by `level` where `share` is 1, mix where it is between."""
    values += np.asarray(share, np.float32) * (np.asarray(level, np.float32) - values)


def _paint_belly(rng: np.random.Generator, values: Field, cavity: Field) -> None:
    """Fill the belly with fat and loops of bowel, some with gas."""
    _paint(values, cavity, -95.0)
    loops = np.abs(smooth_noise(rng, values.shape, [n // 7 for n in values.shape]))
    content = smooth_noise(rng, values.shape, [n // 9 for n in values.shape])
    filling = 38.0 + 10.0 * content - 800.0 * step(content - 2.0, 0.15)
    _paint(values, cavity * step(loops - 0.55, 0.12), filling)


def _paint_lungs(
    rng: np.random.Generator, values: Field, at: Coordinates, under_ribs: Field
) -> dict[str, NDArray[np.bool_]]:
    masks = {}
    texture = smooth_noise(rng, values.shape, [n // 3 for n in values.shape])
    for name, blob in _LUNGS.items():
        lung = blob.vary(rng)
        side = float(np.sign(lung.centre[0]))
        floor = at[2] - (0.14 + 0.06 * side * -1) + 0.5 * (at[0] - 0.75 * lung.centre[0]) ** 2
        floor += float(rng.normal(0, 0.04)) + 0.25 * at[1] ** 2
        depth = np.minimum(lung.depth(rng, at), floor * 1.6)
        depth = np.minimum(np.minimum(depth, (side * at[0] - 0.13) * 2), under_ribs)
        vessels = np.maximum(texture - 1.1, 0) * (1.4 - np.clip(2 * depth, 0, 1))
        _paint(values, step(depth, 0.04), -850.0 + 60.0 * texture + 520.0 * vessels)
        masks[name] = depth > 0
    return masks


def _paint_organs(
    rng: np.random.Generator, values: Field, at: Coordinates, lungs: dict[str, NDArray[np.bool_]]
) -> dict[str, NDArray[np.bool_]]:
    masks: dict[str, NDArray[np.bool_]] = {}
    air = np.maximum.reduce([m.astype(np.float32) for m in lungs.values()])
    for name, (blob, level) in _ORGANS.items():
        depth = blob.vary(rng).depth(rng, at)
        share = step(depth, 0.06)
        if name == "heart":
            for mask in lungs.values():
                mask &= depth <= 0
        else:
            share = share * (1 - air)
        grain = smooth_noise(rng, values.shape, [n // 5 for n in values.shape])
        inside = level * float(rng.normal(1, 0.08)) + 7.0 * grain
        if "kidney" in name:
            inside = inside - 70.0 * step(depth - 0.55, 0.2)
        if name == "stomach":
            gas = step(-0.12 - at[1] - float(rng.normal(0.05, 0.05)), 0.03) * step(depth - 0.2, 0.1)
            inside = inside - 850.0 * gas
        _paint(values, share, inside)
        masks[name] = share > 0.5
        if name != "heart":
            for other in list(masks)[:-1]:
                masks[other] &= ~masks[name]
    return masks


def _paint_vessels(
    rng: np.random.Generator, values: Field, at: Coordinates, carina: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Paint aorta and windpipe; returns the aorta's mask and the top of its arch."""
    x, y, z = at
    r = 0.085 * float(np.exp(rng.normal(0, 0.08)))
    fork_x, fork_y, fork_z = (float(v) for v in carina)
    bend, top = 0.15, fork_z + 0.08
    down_x, down_y = 0.13, 0.24 + float(rng.normal(0, 0.02))
    descending = np.hypot(x - down_x, y - down_y) + 9 * np.maximum(z - top, 0)
    ahead = np.hypot(x - 0.02 - 0.2 * (y - down_y + 2 * bend), y - down_y + 2 * bend)
    ascending = ahead + 9 * np.maximum(z - top, 0) + 9 * np.maximum(fork_z - 0.22 - z, 0)
    ring = np.hypot(y - down_y + bend, z - top) - bend
    arch = np.hypot(ring, x - 0.075 - 0.2 * (y - down_y + bend)) + 9 * np.maximum(top - z, 0)
    distance = np.minimum(np.minimum(descending, ascending), arch)
    _paint(values, step(r - distance, 0.02), 210.0 * float(rng.normal(1, 0.12)))
    windpipe = np.hypot(x - fork_x, y - fork_y) + 9 * np.maximum(fork_z - z, 0)
    spread_x = np.abs(x - fork_x) - 0.75 * np.maximum(fork_z - z, 0)
    bronchi = np.hypot(spread_x, y - fork_y) + 9 * np.maximum(z - fork_z, 0)
    bronchi = bronchi + 9 * np.maximum(fork_z - 0.26 - z, 0)
    tube = np.minimum(windpipe, 1.25 * bronchi)
    _paint(values, step(0.078 - tube, 0.02), 30.0)
    _paint(values, step(0.058 - tube, 0.02), -980.0)
    return distance < r, np.array([0.075, down_y - bend, top + bend])


def _paint_lesions(
    rng: np.random.Generator, values: Field, at: Coordinates, masks: dict[str, NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    found = np.zeros(values.shape, bool)
    for _ in range(int(rng.integers(0, 4))):
        name = str(rng.choice(["liver", "right_lung", "left_lung"]))
        inside = np.argwhere(masks[name])
        if not len(inside):
            continue
        middle = tuple(inside[rng.integers(len(inside))])
        centre = tuple(float(v[middle]) for v in at)
        radius = float(rng.uniform(0.06, 0.13))
        blob = Blob((centre[0], centre[1], centre[2]), (radius,) * 3, 0.0, 0.12)
        depth = blob.depth(rng, at)
        share = step(depth, 0.15) * masks[name]
        _paint(values, share, 45.0 if name == "liver" else 20.0)
        found |= share > 0.5
    return found


def _spine_mask(at: Coordinates, bones: Field) -> NDArray[np.bool_]:
    return np.asarray((bones > 0.5) & (np.abs(at[0]) < 0.3) & (at[1] > 0.25))


def _landmarks(
    at: Coordinates,
    matrix: NDArray[np.float64],
    masks: dict[str, NDArray[np.bool_]],
    body_points: dict[str, NDArray[np.float64]],
) -> dict[str, tuple[float, ...]]:
    """Landmarks that lie in the volume, from body coordinates and from the masks."""
    shape = np.array(at[0].shape)
    points: dict[str, NDArray[np.float64] | None] = {
        name: _to_voxel(p, at, matrix) for name, p in body_points.items()
    }
    for side in ("right", "left"):
        points[f"{side}_lung_apex"] = _top(masks[f"{side}_lung"])
        points[f"{side}_kidney_centroid"] = _whole_centroid(masks[f"{side}_kidney"])
    points["liver_dome"] = _top(masks["liver"])
    points["spleen_centroid"] = _whole_centroid(masks["spleen"])
    return {
        name: (float(p[0]), float(p[1]), float(p[2]))
        for name, p in points.items()
        if p is not None and ((p >= -0.5) & (p <= shape - 0.5)).all()
    }


def _to_voxel(
    point_body: NDArray[np.float64], at: Coordinates, matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Invert the deformed coordinates by iteration."""
    inverse = np.linalg.inv(matrix[:, :3])
    voxel = inverse @ (point_body - matrix[:, 3])
    limits = np.array(at[0].shape) - 1
    for _ in range(6):
        inside = np.clip(voxel, 0, limits)
        here = np.array([map_coordinates(v, inside[:, None], order=1)[0] for v in at])
        voxel = voxel + inverse @ (point_body - here - matrix[:, :3] @ (voxel - inside))
    return np.asarray(voxel)


def _top(mask: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Middle of the highest two slices of a structure; None if the volume cuts it off."""
    filled = np.flatnonzero(mask.any(axis=(1, 2)))
    if not len(filled) or filled[-1] >= mask.shape[0] - 1:
        return None
    top = int(filled[-1])
    points = np.argwhere(mask[top - 1 : top + 1])
    return np.asarray(points.mean(axis=0) + np.array([top - 1, 0, 0]))


def _whole_centroid(mask: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Centroid of a structure; None if it is absent or the volume cuts it off."""
    if not mask.any() or mask[0].any() or mask[-1].any():
        return None
    return np.asarray(np.argwhere(mask).mean(axis=0))
