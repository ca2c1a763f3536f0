"""The Dockerfile and compose.yaml: well formed, tight, and of one mind."""

from __future__ import annotations

import pytest
import yaml

from agemodel.core import paths
from tests.drills.container import COMPOSE, DEPLOY, copied, instructions, service

IGNORE = (DEPLOY / "app.Dockerfile.dockerignore").read_text("utf-8").splitlines()


def test_image_has_nobodys_rights_and_the_user_that_compose_names() -> None:
    (user,) = instructions("USER")
    assert user == service("app")["user"]
    assert 0 not in map(int, user.split(":"))


def test_visitors_of_the_image_may_change_nothing() -> None:
    assert "AGEMODEL_VISITORS_MAY_CHANGE=0" in " ".join(instructions("ENV")).split()


def test_packages_are_installed_by_their_hashes_and_without_tensorflow() -> None:
    assert "--require-hashes" in instructions("RUN")[0]
    assert "requirements/serve.lock" in copied()


def test_health_is_asked_of_readiness_which_knows_the_model() -> None:
    (check,) = instructions("HEALTHCHECK")
    assert "/ready" in check


def test_only_what_is_copied_is_let_in_and_it_is_there() -> None:
    patterns = [line for line in IGNORE if line and not line.startswith("#")]
    assert patterns[0] == "*"
    let_in = {line.removeprefix("!") for line in patterns if line.startswith("!")}
    assert let_in == {*copied(), "assets/models/mobile"}
    assert all((paths.ROOT / name).exists() for name in copied())
    # Those that take away again come after what lets them in.
    assert patterns.index("!assets") < patterns.index("assets/models/*")
    assert patterns.index("assets/models/*") < patterns.index("!assets/models/mobile")
    assert patterns[-1] == "**/__pycache__"


@pytest.mark.parametrize("name", ["app", "proxy"])
def test_service_is_built_from_a_file_that_is_there(name: str) -> None:
    build = service(name)["build"]
    context = (DEPLOY / build["context"]).resolve()
    assert context == {"app": paths.ROOT, "proxy": DEPLOY}[name]
    assert (context / build["dockerfile"]).is_file()


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
    networks = yaml.safe_load(COMPOSE.read_text("utf-8"))["networks"]
    assert "ports" not in service("app")
    assert service("app")["networks"] == ["inside"]
    assert networks["inside"]["internal"] is True
    assert all(port.startswith("127.0.0.1:") for port in service("proxy")["ports"])


def test_proxy_waits_for_a_healthy_app() -> None:
    waits = service("proxy")["depends_on"]
    assert waits == {"app": {"condition": "service_healthy"}}
