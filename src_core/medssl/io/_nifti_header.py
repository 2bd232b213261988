"""The NIfTI headers, byte by byte."""

from __future__ import annotations

import numpy as np

#: NIfTI-1: 348 bytes. ``magic`` is ``n+1`` (one file) or ``ni1`` (header and data apart).
NIFTI1 = np.dtype(
    [
        ("sizeof_hdr", "i4"),
        ("unused", "V35"),
        ("dim_info", "u1"),
        ("dim", "i2", 8),
        ("intent_p", "f4", 3),
        ("intent_code", "i2"),
        ("datatype", "i2"),
        ("bitpix", "i2"),
        ("slice_start", "i2"),
        ("pixdim", "f4", 8),
        ("vox_offset", "f4"),
        ("scl_slope", "f4"),
        ("scl_inter", "f4"),
        ("slice_end", "i2"),
        ("slice_code", "u1"),
        ("xyzt_units", "u1"),
        ("cal_max", "f4"),
        ("cal_min", "f4"),
        ("slice_duration", "f4"),
        ("toffset", "f4"),
        ("glmax", "i4"),
        ("glmin", "i4"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        ("qform_code", "i2"),
        ("sform_code", "i2"),
        ("quatern_b", "f4"),
        ("quatern_c", "f4"),
        ("quatern_d", "f4"),
        ("qoffset_x", "f4"),
        ("qoffset_y", "f4"),
        ("qoffset_z", "f4"),
        ("srow_x", "f4", 4),
        ("srow_y", "f4", 4),
        ("srow_z", "f4", 4),
        ("intent_name", "S16"),
        ("magic", "S4"),
    ]
)

#: NIfTI-2: 540 bytes.
NIFTI2 = np.dtype(
    [
        ("sizeof_hdr", "i4"),
        ("magic", "S8"),
        ("datatype", "i2"),
        ("bitpix", "i2"),
        ("dim", "i8", 8),
        ("intent_p", "f8", 3),
        ("pixdim", "f8", 8),
        ("vox_offset", "i8"),
        ("scl_slope", "f8"),
        ("scl_inter", "f8"),
        ("cal_max", "f8"),
        ("cal_min", "f8"),
        ("slice_duration", "f8"),
        ("toffset", "f8"),
        ("slice_start", "i8"),
        ("slice_end", "i8"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        ("qform_code", "i4"),
        ("sform_code", "i4"),
        ("quatern_b", "f8"),
        ("quatern_c", "f8"),
        ("quatern_d", "f8"),
        ("qoffset_x", "f8"),
        ("qoffset_y", "f8"),
        ("qoffset_z", "f8"),
        ("srow_x", "f8", 4),
        ("srow_y", "f8", 4),
        ("srow_z", "f8", 4),
        ("slice_code", "i4"),
        ("xyzt_units", "i4"),
        ("intent_code", "i4"),
        ("intent_name", "S16"),
        ("dim_info", "u1"),
        ("unused", "V15"),
    ]
)

#: Codes of the data types that are read as they are.
DTYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}

#: Codes of colour, with the number of bytes a voxel.
RGB = {128: 3, 2304: 4}

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
