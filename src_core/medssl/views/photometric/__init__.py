"""Changes of grey value that leave every point where it is; one a file, batched."""

from medssl.views.photometric.chain import PhotometricSettings, change_intensity

__all__ = ["PhotometricSettings", "change_intensity"]
