"""What the doctor sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from medssl.doctor import cpu_features, diagnose
from medssl.system_libraries import SystemLibrary


def test_report_names_versions_devices_and_cache(medssl: Callable) -> None:
    report = medssl("doctor", "--json").json
    subjects = {f["subject"] for f in report["versions"]}
    assert {"Python", "torch", "napari-medssl"} <= subjects
    assert report["devices"][0]["subject"] == "processor"
    assert any(f["subject"] == "free space" for f in report["storage"])


def test_table_ends_with_what_is_missing(medssl: Callable) -> None:
    outcome = medssl("doctor")
    assert outcome.code == 0
    assert "missing" in outcome.stderr


def test_missing_library_comes_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = SystemLibrary("libxcb-cursor0", "libxcb-cursor.so.0", "window", lambda _: False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("medssl.system_libraries.LIBRARIES", (absent,))
    [found] = [f for f in diagnose() if f.subject == "system libraries"]
    assert found.state == "missing"
    assert "libxcb-cursor.so.0" in found.value
    assert "apt-get install libxcb-cursor0" in found.advice


def test_cache_that_cannot_be_written_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSSL_CACHE", str(tmp_path / "new"))
    monkeypatch.setattr("medssl.doctor._is_writable", lambda folder: False)
    [cache] = [f for f in diagnose() if f.subject == "cache folder"]
    assert cache.state == "missing"
    assert "MEDSSL_CACHE" in cache.advice


def test_processor_features_are_read_from_the_flags() -> None:
    assert cpu_features("flags\t: fpu avx2 avx512f amx_bf16\n") == ["AVX2", "AVX512", "AMX-BF16"]
    assert cpu_features("") == []


def test_an_extra_that_is_absent_is_a_note_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    [present] = [f for f in diagnose() if f.subject == "highdicom"]
    assert present.state == "ok"
    monkeypatch.setattr("medssl.doctor._version", lambda package: None)
    [absent] = [f for f in diagnose() if f.subject == "highdicom"]
    assert absent.state == "note"
    assert "napari-medssl[dicom]" in absent.advice
