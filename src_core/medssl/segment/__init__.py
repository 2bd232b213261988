"""Segmentation with next to no outlines: clusters of a cohort, and few labels."""
