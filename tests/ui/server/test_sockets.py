"""Answers leave at once: no delay on what a listening socket accepts."""

from __future__ import annotations

import socket

from ui.server.sockets import answer_at_once


def test_what_a_listening_socket_accepts_answers_at_once() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert answer_at_once() >= 1
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_other_files_and_sockets_are_left_alone(tmp_path) -> None:
    with (tmp_path / "file").open("w"), socket.socket() as idle:
        answer_at_once()
        assert not idle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
