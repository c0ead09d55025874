"""Machines of their own on this one: network namespaces on a bridge, each with its own loopback."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_CLONE_NEWNET = 0x40000000


def can_make_machines() -> bool:
    """Tell whether this user may make network namespaces."""
    if sys.platform != "linux" or os.geteuid() or not shutil.which("ip"):
        return False
    name = f"nx{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    return made and subprocess.run(["ip", "netns", "del", name], capture_output=True).returncode == 0


@contextmanager
def make_machines(count: int, port: int) -> Iterator[tuple[str, list[list[str]]]]:
    """Make machines on one network; give the address of this one on it, and what stands before a command for each.

    A port of this machine's loopback is there on the loopback of each as well.
    """
    mark = secrets.token_hex(2)
    bridge, names = f"nxb{mark}", [f"nx{mark}{n}" for n in range(count)]
    network = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
    relays: list[Callable[[], None]] = []
    try:
        _ip(f"link add {bridge} type bridge", f"addr add {network}.1/24 dev {bridge}", f"link set {bridge} up")
        for n, name in enumerate(names):
            _ip(
                f"netns add {name}",
                f"link add {name}h type veth peer name eth0 netns {name}",
                f"link set {name}h master {bridge} up",
                f"-n {name} addr add {network}.{n + 2}/24 dev eth0",
                f"-n {name} link set eth0 up",
                f"-n {name} link set lo up",
            )
            relays.append(_relay(name, port))
        yield f"{network}.1", [["ip", "netns", "exec", name] for name in names]
    finally:
        for stop in relays:
            stop()
        for command in [*(f"netns del {name}" for name in names), f"link del {bridge}"]:
            with suppress(subprocess.CalledProcessError):
                _ip(command)


def _ip(*commands: str) -> None:
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True, capture_output=True)


def _listen_in(name: str, port: int) -> socket.socket:
    """Listen on the loopback of a machine: a thread that enters it makes the socket, which stays there."""
    made: list[socket.socket] = []

    def work() -> None:
        with open(f"/run/netns/{name}") as place:
            library = ctypes.CDLL(None, use_errno=True)
            if library.setns(place.fileno(), _CLONE_NEWNET) == 0:
                made.append(socket.create_server(("127.0.0.1", port)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return made[0]


def _relay(name: str, port: int) -> Callable[[], None]:
    """Pass on what comes to a port of a machine's loopback to the same port of this one's; give what ends it."""
    server = _listen_in(name, port)

    def accept() -> None:
        with suppress(OSError):
            while True:
                ours, _ = server.accept()
                ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_carry, args=(ours, port), daemon=True).start()

    def stop() -> None:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()

    threading.Thread(target=accept, daemon=True).start()
    return stop


def _carry(ours: socket.socket, port: int) -> None:
    with ours, socket.create_connection(("127.0.0.1", port)) as theirs:
        back = threading.Thread(target=_pass_on, args=(theirs, ours))
        back.start()
        _pass_on(ours, theirs)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
