"""The device's own lane: a cluster for it, its tickets, and what doctor says of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django_q.brokers import get_broker

from config import doctor
from config.supervisor import programs
from pipeline import queue


def waiting(settings: Any) -> int:
    return int(get_broker(settings.GPU_CLUSTER).queue_size())


@pytest.fixture(autouse=True)
def _no_tickets(settings: Any) -> None:
    queue.clear()
    get_broker(settings.GPU_CLUSTER).purge_queue()


# --- Its cluster ---


def test_without_a_model_one_cluster_serves_every_lane() -> None:
    assert [child.name for child in programs.workers({})] == ["worker"]


def test_with_a_model_a_second_cluster_is_started() -> None:
    assert [child.name for child in programs.workers({"COPYDESK_SDXL": "/models/sdxl"})] == ["worker", "gpu"]


def test_whoever_names_the_lanes_has_one_cluster_for_those() -> None:
    environment = {"COPYDESK_SDXL": "/models/sdxl", "COPYDESK_LANES": "io"}
    assert [child.name for child in programs.workers(environment)] == ["worker"]


# --- Its tickets ---


def test_a_ticket_wakes_the_cluster_of_the_device_too(settings: Any) -> None:
    settings.SDXL = "/models/sdxl"
    assert queue.ticket()
    assert (queue.depth(), waiting(settings)) == (1, 1)


def test_without_a_model_nobody_is_woken_for_the_device(settings: Any) -> None:
    settings.SDXL = ""
    assert queue.ticket()
    assert (queue.depth(), waiting(settings)) == (1, 0)


def test_tickets_for_a_device_that_nobody_serves_do_not_pile_up(settings: Any) -> None:
    settings.SDXL = "/models/sdxl"
    for _ in range(20):
        queue.ticket()
    assert (queue.depth(), waiting(settings)) == (20, queue.MOST_WAITING)


# --- What doctor says ---


def test_doctor_finds_a_model_without_loading_it(tiny_sdxl: Path, settings: Any) -> None:
    settings.SDXL = str(tiny_sdxl)
    assert doctor.image_model() == doctor.Finding("Image model", "ok", f"{tiny_sdxl}, device auto")


def test_doctor_says_what_is_wrong_with_a_folder(tmp_path: Path, settings: Any) -> None:
    settings.SDXL = str(tmp_path)
    finding = doctor.image_model()
    assert finding.verdict == "fail"
    assert "no model_index.json" in finding.says


def test_doctor_says_how_to_install_what_is_missing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SDXL = "/models/sdxl"
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "torch" else object())
    assert doctor.image_model() == doctor.Finding("Image model", "fail", "not installed: torch", "Run: make images")
