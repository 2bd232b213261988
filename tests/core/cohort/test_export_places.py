"""What a cohort exports lies on its images: points within 0.01 mm, masks voxel for voxel."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.cohort import Cohort, NewPoint
from medssl.cohort.adding import add_images
from medssl.cohort.exporting import export_points, export_points_table, export_segmentations
from medssl.io import Segmentation, read_image, read_landmarks_csv, read_markups_json
from medssl.io.dicom_seg import read_dicom_seg
from medssl.io.dicom_source import read_dicom_source
from medssl.io.dicom_sr_reading import read_dicom_sr
from medssl.io.label_maps import read_label_map
from medssl.io.seg_nrrd import read_seg_nrrd

OBLIQUE = ["11-T1post-18670", "26401-T1prereg-52906", "36468-FLAIRreg-58706", "37830-T2reg-78532"]
MASKS = (("nifti", ".nii.gz"), ("nrrd", ".nrrd"), ("seg.nrrd", ".seg.nrrd"))


def test_every_nifti_orientation(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "reader_cases" / "niivue" / "nifti_space"
    chance = np.random.default_rng(0)
    with Cohort.create(tmp_path / "space") as cohort:
        added = add_images(cohort, [folder])
        assert len(added.added) == 48
        cohort.add_landmark("tip")
        cases = cohort.cases()
        points, masks = [], {}
        for case in cases:
            vox = (chance.random(3) * (np.array(case.grid.shape) - 1)).tolist()
            points.append(NewPoint(case.key, "tip", vox, None, "manual"))
            masks[case.key] = chance.random(case.grid.shape) < 0.02
            made = Segmentation.from_masks({"blob": masks[case.key]}, case.grid)
            cohort.set_segmentation(case.key, "blob", made)
        cohort.set_points(points)
    with Cohort.open(cohort.path) as again:  # what comes back from the disk is what goes out
        out = tmp_path / "out"
        table = {row.image: row for row in read_landmarks_csv(
            export_points_table(again, out / "points.csv").files[0])}  # fmt: skip
        export_points(again, out, "mrk.json", ".mrk.json")
        for kind, ending in MASKS:
            assert export_segmentations(again, out, kind, ending).count == 48
    for case, point in zip(cases, points, strict=True):
        known = sitk.ReadImage(str(case.path))
        there = known.TransformContinuousIndexToPhysicalPoint(list(reversed(point.point_vox)))
        stem = case.name.removesuffix(".nii.gz")
        (marked,) = read_markups_json(out / f"{stem}.mrk.json")
        row = table[case.name]
        world = [float(row.extra[f"world_{axis}"]) for axis in "xyz"]
        for place in (marked.point_mm, world, case.grid.voxel_to_world(row.point_vox)):
            assert np.abs(np.subtract(place, there)).max() < 0.01, case.name
        for kind, ending in MASKS:
            path = out / f"{stem}__blob{ending}"
            mask = sitk.ReadImage(str(path))
            np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), masks[case.key])
            assert np.abs(np.subtract(mask.GetOrigin(), known.GetOrigin())).max() < 0.01
            last = [n - 1 for n in known.GetSize()]
            ends = (one.TransformIndexToPhysicalPoint(last) for one in (mask, known))
            assert np.abs(np.subtract(*ends)).max() < 0.01
            back = read_seg_nrrd(path) if kind == "seg.nrrd" else read_label_map(path)
            np.testing.assert_array_equal(back.on(case.grid).layers[0] > 0, masks[case.key])


@pytest.mark.parametrize("name", OBLIQUE)
def test_oblique_series(data_dir: Path, tmp_path: Path, name: str) -> None:
    series = data_dir / "brain_mr_dicom" / "Study3" / name
    image = read_image(series)
    mask = np.zeros(image.grid.shape, bool)
    mask[2:5, 40:90, 60:100] = True
    with Cohort.create(tmp_path / "brain") as cohort:
        add_images(cohort, [series])
        (case,) = cohort.cases()
        cohort.add_landmark("tip")
        cohort.set_point(case.key, "tip", (3.25, 100.5, 120.0), None, "manual")
        made = Segmentation.from_masks({"lesion": mask}, case.grid)
        cohort.set_segmentation(case.key, "lesion", made)
        (report,) = export_points(cohort, tmp_path / "out", "sr", ".sr.dcm").files
        (seg,) = export_segmentations(cohort, tmp_path / "out", "seg", ".seg.dcm").files
        (nifti,) = export_segmentations(cohort, tmp_path / "out", "nifti", ".nii.gz").files
    true = image.grid.voxel_to_world((3.25, 100.5, 120.0))
    (ours,) = read_dicom_sr(report).points
    (group,) = hd.sr.srread(report).content.get_planar_roi_measurement_groups(
        graphic_type=hd.sr.GraphicTypeValues3D.POINT
    )
    for place in (ours.place, group.roi.value[0]):
        assert np.abs(np.subtract(place, true)).max() < 0.01
    source = read_dicom_source(case.files, case.path)
    found = read_dicom_seg(seg, source)
    np.testing.assert_array_equal(found.mask(found.segments[0]), mask)
    uids = [str(header.SOPInstanceUID) for header in source.headers]
    theirs = hd.seg.segread(seg).get_pixels_by_source_instance(
        uids, ignore_spatial_locations=False, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(theirs[..., 0], mask)
    known = sitk.ReadImage(str(nifti))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(known), mask)
    there = known.TransformContinuousIndexToPhysicalPoint([120.0, 100.5, 3.25])
    assert np.abs(np.subtract(there, true)).max() < 0.01
