"""Joining a Ray cluster: one that is there, or a private one on this machine."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

from agemodel.core import paths
from agemodel.core.errors import ClusterError

PRIVATE = "local"
"""The address of a cluster of one's own; without any Ray joins what it finds."""

_OURS = "AGEMODEL_"
_STORE_BYTES = 256 * 1024**2
_ANSWER_S = 10.0


def join_cluster(address: str | None, cpus: int | None) -> Any:
    """Join the cluster at an address, or start a private one.

    Its processes find the caps and folders of this one in their environment, and this
    code.

    Args:
        address: of a cluster, or 'auto' for the one on this machine; a private one
            unless given.
        cpus: of a private one; as many as there are unless given.

    Returns:
        Ray's module.

    Raises:
        ClusterError: Ray is not installed, or the cluster cannot be reached.
    """
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            "Ray is not installed. Install it: pip install -r requirements/ray.txt, or "
            "leave --engine ray out."
        ) from error
    own: dict[str, Any] = {}
    address = address or PRIVATE
    _check_answers(address)
    if address == PRIVATE:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        own = {
            "num_cpus": cpus,
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    try:
        ray.init(
            address=address,
            runtime_env={"env_vars": _environment()},
            log_to_driver=False,
            logging_level=logging.ERROR,
            **own,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise _no_cluster(address, error) from error
    return ray


def _check_answers(address: str) -> None:
    """Refuse an address at which nobody listens: Ray would wait for it for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdigit()):
        return  # 'auto' and 'local', of which Ray knows
    try:
        socket.create_connection((host, int(port)), _ANSWER_S).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"No Ray cluster at {address}: expected one that can be joined, got '{error}'. "
        "Without --address a private one is started."
    )


def _environment() -> dict[str, str]:
    """What the processes should find in theirs."""
    ours = {name: value for name, value in os.environ.items() if name.startswith(_OURS)}
    found = [str(paths.ROOT), os.environ.get("PYTHONPATH", "")]
    return {**ours, "PYTHONPATH": os.pathsep.join(filter(None, found))}
