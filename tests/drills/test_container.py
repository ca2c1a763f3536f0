"""The Dockerfile and compose.yaml: well formed, tight, and of one mind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tests.drills.container import COMPOSE, service
from tests.drills.dockerfile import DOCKERFILE, IGNORE, Stage, lets_in, read_stages

STAGES = read_stages(DOCKERFILE.read_text("utf-8"))
ROOT = DOCKERFILE.parent


def image() -> Stage:
    return STAGES[-1]


def copied() -> list[str]:
    steps = [step for stage in STAGES for step in stage.steps if step.word == "COPY"]
    return [step.rest.split()[0] for step in steps if not step.rest.startswith("--")]


@pytest.mark.parametrize("file", ["deploy/app.Dockerfile", "deploy/proxy.Dockerfile"])
def test_dockerfile_is_without_a_fault_for_its_linter(file: str) -> None:
    linter = shutil.which("hadolint") or ROOT / ".venv" / "bin" / "hadolint"
    done = subprocess.run(
        [str(linter), file], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_image_has_nobodys_rights_and_the_user_that_compose_names() -> None:
    user = image().last("USER").rest
    assert user == service("app")["user"]
    assert 0 not in map(int, user.split(":"))


def test_visitors_of_the_image_may_change_nothing() -> None:
    assert image().environment()["AGEMODEL_VISITORS_MAY_CHANGE"] == "0"


def test_packages_are_installed_by_their_hashes_and_without_tensorflow() -> None:
    (step,) = [step for step in STAGES[0].steps if step.word == "RUN"]
    assert "--require-hashes" in step.rest
    assert "requirements/serve.lock" in copied()


def test_health_is_asked_of_readiness_which_knows_the_model() -> None:
    assert "/ready" in image().last("HEALTHCHECK").rest


@pytest.mark.parametrize("name", copied())
def test_what_is_copied_is_there_and_let_in(name: str) -> None:
    assert (ROOT / name).exists()
    assert lets_in(PurePosixPath(name), IGNORE.read_text("utf-8"))


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("agemodel/images.py", True),
        ("assets/models/mobile/model.tflite", True),
        ("assets/models/mine/model.tflite", False),
        ("agemodel/__pycache__/images.pyc", False),
        ("data/faces/a.jpg", False),
        ("runs/1/best.keras", False),
        (".git/config", False),
    ],
)
def test_nothing_else_of_the_folder_is_let_in(path: str, inside: bool) -> None:
    assert lets_in(PurePosixPath(path), IGNORE.read_text("utf-8")) is inside


@pytest.mark.parametrize("name", ["app", "proxy"])
def test_service_can_write_to_memory_alone_and_gains_no_rights(name: str) -> None:
    one = service(name)
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["mem_limit"] == one["memswap_limit"]
    assert one["pids_limit"] <= 256
    assert all("noexec,nosuid,nodev" in place for place in one["tmpfs"])
    assert "volumes" not in one
    assert "privileged" not in one


def test_app_is_reached_through_the_proxy_alone_and_that_from_this_machine() -> None:
    import yaml

    networks = yaml.safe_load(COMPOSE.read_text("utf-8"))["networks"]
    assert "ports" not in service("app")
    assert service("app")["networks"] == ["inside"]
    assert networks["inside"]["internal"] is True
    assert all(port.startswith("127.0.0.1:") for port in service("proxy")["ports"])


def test_proxy_waits_for_a_healthy_app() -> None:
    waits = service("proxy")["depends_on"]
    assert waits == {"app": {"condition": "service_healthy"}}


def test_stages_and_steps_are_read(tmp_path: Path) -> None:
    text = (
        "# first\nARG A=1\nFROM x:${A} AS one\nRUN a && \\\n    b\nFROM y\n"
        'ENV A=1 \\\n    B="two words"\nCMD ["c", "d e"]\n'
    )
    one, last = read_stages(text)
    assert (one.name, last.name) == ("one", "")
    assert one.last("RUN").rest.split() == ["a", "&&", "b"]
    assert last.environment() == {"A": "1", "B": "two words"}
    assert last.last("CMD").listed() == ["c", "d e"]
    with pytest.raises(ValueError, match="no USER"):
        last.last("USER")
