"""Chest-like films: bodies that a beam passes through, then the film's own tone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io.image import Image
from medssl.phantom.case import Phantom
from medssl.phantom.chest_anatomy import Chest, draw_chest
from medssl.phantom.chest_bones import limbs, ribs, spine
from medssl.phantom.chest_devices import devices, film_edges, marker
from medssl.phantom.chest_frame import MM_PER_UNIT, ChestFrame, draw_frame
from medssl.phantom.chest_lungs import haze, mottle, opacities, vessels
from medssl.phantom.fields import Field, bulge, smooth_noise, soft_min, step
from medssl.phantom.strokes import draw_path, smooth_path


def make_chest(seed: int, size: int | None = None, *, lesions: bool = False) -> Phantom:
    """Make one chest-like X-ray film.

    Parameters
    ----------
    seed
        The same seed gives the same film.
    size
        Longest side in pixels, at least 64; drawn between 300 and 620 where None.
    lesions
        Whether to put round opacities into the lungs of about two films of three.

    Returns
    -------
    Phantom
        An 8-bit picture with its pixel size, the landmarks ``carina``, ``right_lung_apex``,
        ``left_lung_apex``, ``right_costophrenic_angle``, ``left_costophrenic_angle``,
        ``right_lung_centroid``, ``left_lung_centroid``, ``cardiomediastinum_centroid`` and
        ``aortic_knob``, and the masks ``right_lung``, ``left_lung``, ``cardiomediastinum`` and
        ``airways``. Right is the patient's right, at the left of the film.

    Raises
    ------
    SettingsError
        If `size` is under 64 pixels.
    """
    if size is not None and size < 64:
        raise SettingsError(f"a chest phantom needs a longest side of 64 pixels, not {size}")
    rng = np.random.default_rng([seed, 2])
    drawn = int(rng.integers(300, 621))
    frame = draw_frame(rng, drawn if size is None else size)
    chest = draw_chest(rng)
    depths = {
        "right_lung": chest.right.depth(frame.x, frame.y),
        "left_lung": chest.left.depth(frame.x, frame.y),
    }
    airways = _airways(chest, frame)
    shadow = _mediastinum(chest, frame.x, frame.y)
    masks = {name: (depth > 0) & (shadow < 0.3) for name, depth in depths.items()}
    masks["cardiomediastinum"] = _cardiomediastinum(chest, frame, shadow)
    masks["airways"] = airways > 0.2
    opaque, lesion_mask = np.zeros(frame.shape, np.float32), None
    if lesions:
        count = int(rng.integers(0, 4))
        both = masks["right_lung"] | masks["left_lung"]
        opaque, lesion_mask = opacities(rng, frame, both, count)
    air = bulge(depths["right_lung"], 0.30) + bulge(depths["left_lung"], 0.30)
    absorbed = _absorption(rng, chest, frame, air, shadow, opaque) - 0.10 * airways
    pixels = _film(rng, absorbed, devices(rng, chest, frame))
    spacing = MM_PER_UNIT / frame.unit_px
    grid = Grid.create(frame.shape, (spacing, spacing))
    image = Image(pixels, grid, "yx", name=f"chest {seed}", modality="DX")
    return Phantom(image, _landmarks(chest, frame, masks), masks, lesion_mask)


def _airways(chest: Chest, frame: ChestFrame) -> Field:
    """Thickness of the windpipe and the main bronchi."""
    out = np.zeros(frame.shape, np.float32)
    unit = frame.unit_px
    x, y = chest.carina
    draw_path(out, frame.to_pixel(smooth_path(chest.trachea, 40)), 0.068 * unit, 1.0)
    right = np.array([[x - 0.01, y - 0.02], [x - 0.12, y + 0.10], [x - 0.2, y + 0.24]])
    left = np.array([[x + 0.01, y - 0.02], [x + 0.16, y + 0.09], [x + 0.3, y + 0.18]])
    for path in (right, left):
        tube = frame.to_pixel(smooth_path(path, 16))
        draw_path(out, tube, np.linspace(0.055, 0.04, 16) * unit, np.linspace(0.85, 0.3, 16))
    return out


def _mediastinum(chest: Chest, x: Field, y: Field) -> Field:
    """Thickness of heart, great vessels and what else stands between the lungs, 0 to 1."""
    depth = chest.mediastinum_depth(x, y)
    return np.asarray(0.8 * bulge(depth, 0.10) + 0.2 * bulge(depth, 0.35), np.float32)


def _cardiomediastinum(chest: Chest, frame: ChestFrame, shadow: Field) -> NDArray[np.bool_]:
    """Mask of the shadow between the lungs, from the aortic arch down to the diaphragm."""
    x, y = frame.x, frame.y
    floor = np.maximum(chest.right.diaphragm(x), chest.left.diaphragm(x))
    end = np.minimum(floor, chest.heart[1] + 0.42)
    return np.asarray((shadow >= 0.3) & (y > chest.aorta[1] - 0.32) & (y < end))


def _body(chest: Chest, x: Field, y: Field) -> Field:
    """Thickness of soft tissue along the beam: trunk, neck, shoulders and arms."""
    across = np.abs(x)
    trunk = chest.body_width + 0.10 * np.maximum(y - 1.2, 0) + 0.06 * np.exp(-((y / 0.5) ** 2))
    slope = (y - chest.shoulder - 0.42 * np.maximum(across - 0.35, 0) ** 1.2) * 0.8
    outline = np.maximum(soft_min(trunk - across, slope, 0.08), 0.34 - across)
    arm_axis = 1.36 + 0.20 * np.maximum(y, 0)
    arm = soft_min(0.26 - np.abs(across - arm_axis), (y - chest.shoulder - 0.32) * 0.8, 0.08)
    return np.asarray(np.maximum(bulge(outline, 0.5), 0.75 * bulge(arm, 0.2)), np.float32)


def _absorption(
    rng: np.random.Generator,
    chest: Chest,
    frame: ChestFrame,
    air: Field,
    shadow: Field,
    opaque: Field,
) -> Field:
    """Add up what the beam passes through."""
    x, y = frame.x, frame.y
    body = _body(chest, x, y)
    veil = haze(rng, chest, frame)
    aerated = air * (1 - 0.96 * shadow)
    lung_density = np.maximum(0.72 - 0.6 * veil - 0.42 * opaque, 0.08)
    out = body * (0.92 + 0.10 * chest.fat) - aerated * lung_density * (1 - 0.25 * chest.fat)
    out += aerated * (float(rng.uniform(0.06, 0.15)) * vessels(rng, chest, frame))
    out += aerated * float(rng.uniform(0.010, 0.022)) * mottle(rng, frame)
    grain = 1 + 0.12 * smooth_noise(rng, frame.shape, (40, 40))
    floor = np.where(x < 0, chest.right.diaphragm(x), chest.left.diaphragm(x))
    above = 1 - 0.6 * step(y - floor, 0.1)
    out += float(rng.uniform(0.03, 0.12)) * ribs(rng, chest, x, y) * grain * above
    out += float(rng.uniform(0.06, 0.13)) * spine(rng, chest, x, y)
    out += float(rng.uniform(0.08, 0.14)) * limbs(rng, frame) * grain
    out += 0.14 * shadow * above + 0.12 * aerated * _hila(rng, chest, x, y)
    out += 0.10 * chest.fat * _breasts(rng, x, y)
    out -= _stomach_gas(rng, chest, x, y)
    return np.asarray(out, np.float32)


def _hila(rng: np.random.Generator, chest: Chest, x: Field, y: Field) -> Field:
    """Soft shadows of the lung roots."""
    out = np.zeros_like(x)
    for side, lift in ((-1, 0.16), (1, 0.11)):
        dx = (x - side * float(rng.normal(0.25, 0.02))) / 0.11
        dy = (y - chest.carina[1] - lift - float(rng.normal(0, 0.02))) / 0.19
        out += np.exp(-(dx * dx) - dy * dy)
    return out


def _breasts(rng: np.random.Generator, x: Field, y: Field) -> Field:
    """Soft shadows over the lower lungs."""
    centre, low = float(rng.normal(0.58, 0.05)), float(rng.normal(1.1, 0.08))
    d = 1 - np.hypot((np.abs(x) - centre) / 0.42, (y - low) / 0.42)
    return bulge(d, 0.6)


def _stomach_gas(rng: np.random.Generator, chest: Chest, x: Field, y: Field) -> Field:
    """Gas under the left dome of the diaphragm, on most films."""
    if rng.random() < 0.3:
        return np.zeros_like(x)
    left = chest.left
    cx, cy = (
        left.dome[0] + float(rng.normal(0.02, 0.06)),
        left.dome[1] + float(rng.uniform(0.1, 0.2)),
    )
    a, b = float(rng.uniform(0.1, 0.26)), float(rng.uniform(0.05, 0.1))
    d = 1 - np.hypot((x - cx) / a, (y - cy) / b) + 0.15 * np.sin(9 * x + 5)
    return bulge(d, 0.6) * np.float32(rng.uniform(0.08, 0.3))


def _film(rng: np.random.Generator, absorbed: Field, foreign: Field) -> NDArray[np.uint8]:
    """Expose and develop: blur, quantum noise, tone curve, vignette, marker, film edges."""
    shape = (absorbed.shape[0], absorbed.shape[1])
    total = absorbed + 0.35 * foreign
    level, gain = float(rng.normal(0.60, 0.09)), float(np.exp(rng.normal(1.35, 0.32)))
    total = total + np.float32(rng.uniform(0.02, 0.12)) * smooth_noise(rng, shape, (4, 4))
    noise = rng.standard_normal(shape, np.float32) * np.float32(rng.uniform(0.004, 0.016))
    total = total + noise * np.exp(0.7 * np.clip(total, 0, 2))
    tone = 1 / (1 + np.exp(-gain * (total - np.float32(level))))
    floor = float(1 / (1 + np.exp(gain * level)))
    roof = float(1 / (1 + np.exp(-gain * (1.5 - level))))
    tone = np.clip((tone - floor) / (roof - floor), 0, 1) ** np.float32(np.exp(rng.normal(0, 0.15)))
    if rng.random() < 0.3:
        tone = _enhance(tone, float(rng.uniform(0.5, 1.6)))
    tone = tone * np.float32(rng.uniform(0.8, 1.0)) + np.float32(rng.uniform(0.0, 0.08))
    tone = np.maximum(tone, marker(rng, shape)) * film_edges(rng, shape)
    return np.asarray(np.clip(tone * 255 + 0.5, 0, 255), np.uint8)


def _enhance(tone: Field, strength: float) -> Field:
    """Lift local contrast as a digital console does."""
    side = max(3, round(0.12 * max(tone.shape)))
    wide = uniform_filter(uniform_filter(tone, side), side)
    return np.asarray(np.clip(tone + strength * (tone - wide), 0, 1), np.float32)


def _landmarks(
    chest: Chest, frame: ChestFrame, masks: dict[str, NDArray[np.bool_]]
) -> dict[str, tuple[float, ...]]:
    """Landmarks that lie in the picture."""
    named = {
        "carina": (chest.carina[0], chest.carina[1] + 0.04),
        "right_costophrenic_angle": chest.right.costophrenic,
        "left_costophrenic_angle": chest.left.costophrenic,
        "aortic_knob": (chest.aorta[0] + 0.9 * chest.aorta[2], chest.aorta[1]),
    }
    pixels = dict(zip(named, frame.to_pixel(list(named.values())), strict=True))
    for structure in ("right_lung", "left_lung", "cardiomediastinum"):
        pixels[f"{structure}_centroid"] = np.argwhere(masks[structure]).mean(axis=0)
    for side in ("right", "left"):
        rows = np.flatnonzero(masks[f"{side}_lung"].any(axis=1))
        if rows[0] > 0:
            top = np.argwhere(masks[f"{side}_lung"][: rows[0] + 2])
            pixels[f"{side}_lung_apex"] = top.mean(axis=0)
    limits = np.array(frame.shape) - 0.5
    return {
        name: (float(p[0]), float(p[1]))
        for name, p in pixels.items()
        if ((p >= -0.5) & (p <= limits)).all()
    }
