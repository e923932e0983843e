"""Docker's frames: whole whatever way the socket cuts them, and never more kept than asked for."""

import os
import socket
import struct
from collections.abc import Iterator

import pytest

from sim.boxes.frames import MAX_ERROR_BYTES, FramedStream, Frames
from sim.boxes.line import HELLO, LineBroken


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxI", stream, len(data)) + data


DATA = frame(1, b"one") + frame(2, b"error") + frame(1, b"") + frame(1, b" two") + frame(2, b"s")


@pytest.mark.parametrize("size", range(1, len(DATA) + 1))
def test_frames_are_whole_however_they_are_cut(size: int) -> None:
    frames = Frames()
    for at in range(0, len(DATA), size):
        frames.feed(DATA[at : at + size])
    assert (bytes(frames.stdout), bytes(frames.stderr)) == (b"one two", b"errors")


def test_a_part_of_a_frame_can_be_taken_before_the_rest_is_there() -> None:
    frames = Frames()
    frames.feed(frame(1, b"x" * 1000)[:100])
    assert frames.take(50) == b"x" * 50
    assert len(frames.stdout) == 42


def test_a_flood_on_standard_error_is_not_kept() -> None:
    frames = Frames()
    for _ in range(100):
        frames.feed(frame(2, b"x" * 1000))
    assert len(frames.stderr) == MAX_ERROR_BYTES


def test_a_stream_that_does_not_exist_breaks_the_line() -> None:
    with pytest.raises(LineBroken, match="stream 72"):
        Frames().feed(b"HTTP/1.1 500 Internal Server Error")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, FramedStream]]:
    engine, ours = socket.socketpair()
    with engine, ours:
        yield engine, FramedStream(ours.fileno())


def test_an_answer_is_read_over_frames(pair: tuple[socket.socket, FramedStream]) -> None:
    engine, stream = pair
    answer = os.urandom(5000)
    engine.sendall(frame(1, HELLO) + frame(2, b"a warning"))
    stream.hello(timeout_s=5)
    message = struct.pack("<I", len(answer)) + answer
    engine.sendall(frame(1, message[:2]) + frame(1, message[2:4000]) + frame(2, b" or two") + frame(1, message[4000:]))
    assert stream.ask(b"job", timeout_s=5) == answer
    assert engine.recv(100) == struct.pack("<I", 3) + b"job"
    assert stream.said() == "a warning or two"


def test_a_server_that_only_warns_is_open(pair: tuple[socket.socket, FramedStream]) -> None:
    engine, stream = pair
    engine.sendall(frame(2, b"a warning"))
    assert stream.is_open()
    engine.sendall(frame(1, b"unasked"))
    assert not stream.is_open()


def test_a_server_that_ended_is_not_open(pair: tuple[socket.socket, FramedStream]) -> None:
    engine, stream = pair
    engine.close()
    assert not stream.is_open()
    with pytest.raises(LineBroken, match="died"):
        stream.hello(timeout_s=5)


def test_a_silent_server_is_late(pair: tuple[socket.socket, FramedStream]) -> None:
    with pytest.raises(LineBroken, match="in time"):
        pair[1].ask(b"job", timeout_s=0.01)
