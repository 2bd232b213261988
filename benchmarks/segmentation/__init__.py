"""Parts of the benchmark of segmentation."""
