"""The reading room without its window: directions, windows, planes, frames, headers."""
