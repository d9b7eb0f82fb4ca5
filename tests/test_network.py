"""No test reaches another machine."""

from __future__ import annotations

import asyncio
import socket

import pytest

from conftest import NetworkRefused

ELSEWHERE = "192.0.2.1"  # reserved for documentation, never assigned


def test_connecting_elsewhere_is_refused():
    with socket.socket() as client, pytest.raises(NetworkRefused, match=ELSEWHERE):
        client.connect((ELSEWHERE, 443))


def test_connecting_elsewhere_is_refused_in_an_event_loop_too():
    with pytest.raises(NetworkRefused, match=ELSEWHERE):
        asyncio.run(asyncio.open_connection(ELSEWHERE, 443))


def test_names_of_other_machines_do_not_resolve():
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.org", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port), timeout=5) as client, server.accept()[0] as accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"
