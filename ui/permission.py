"""Which visitors may make the server work: fetch images, train, or keep marks.

A visitor who may do this makes the server read a path, fetch an address, or write
files. So it is offered only where the server listens on a loopback address and the
visitor comes to it by one, without a proxy between; elsewhere pages name the commands
alone. The environment variable `AGEMODEL_VISITORS_MAY_CHANGE` set to 1 offers it to
every visitor, 0 to none: set 0 where a proxy passes itself off as a local visitor.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st

SETTING = "AGEMODEL_VISITORS_MAY_CHANGE"
NOT_HERE = (
    "It can be done from this page, too, where the app is open to this machine alone, "
    f"or where whoever runs it sets `{SETTING}=1`."
)

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def may_change() -> bool:
    """Whether the visitor for whom the page is drawn may."""
    return may(
        st.get_option("server.address"), st.context.headers, os.environ.get(SETTING, "")
    )


def may(address: str | None, headers: Mapping[str, str], setting: str) -> bool:
    """Whether a visitor may.

    Args:
        address: on which the server listens; every one if not given.
        headers: of the visitor's connection.
        setting: of the operator, "1" or "0"; anything else leaves it to the rest.
    """
    if setting in ("0", "1"):
        return setting == "1"
    if not _is_loopback(address) or any(name in headers for name in _FORWARDED):
        return False
    host, origin = (
        headers.get("Host", "localhost"),
        headers.get("Origin", "//localhost"),
    )
    return _is_loopback(_host(f"//{host}")) and _is_loopback(_host(origin))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_loopback(host: str | None) -> bool:
    if host in (None, "localhost"):
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
