"""A tiny model, and a vLLM server of it on this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from verireason.recipe_tables import ScratchModel

NAME = "tiny"
"""What the server calls the model."""
DEADLINE_S = 600.0
CHAT_TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>\n{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>\n{% endif %}"
)
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")


@pytest.fixture(scope="session")
def vllm_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, a context of 2048 tokens, a chat template."""
    from verireason.training.scratch import build_scratch_model

    shape = ScratchModel(
        vocab_size=300,
        hidden_size=64,
        num_layers=1,
        num_heads=2,
        num_kv_heads=1,
        intermediate_size=64,
        max_length=2048,
    )
    path = tmp_path_factory.mktemp("models") / NAME
    build_scratch_model(shape, ["module m(input a, output y);\n  assign y = ~a;\nendmodule\n"], path, seed=0)
    config = path / "tokenizer_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "chat_template": CHAT_TEMPLATE}))
    return path


@pytest.fixture(scope="session")
def vllm_server(vllm_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a server of that model, which it calls NAME."""
    # What `vllm serve` runs; the command itself fails in vllm-cpu, which looks for its version under the name of vllm.
    command = f"python -m vllm.entrypoints.openai.api_server --model {vllm_model} --served-model-name {NAME}"
    with serving(f"{command} --host 127.0.0.1 --generation-config vllm", tmp_path_factory.mktemp("server")) as url:
        yield f"{url}/v1"


@contextmanager
def serving(command: str, folder: Path) -> Iterator[str]:
    """The URL of a server that a shell command starts, on a port of ours, with its log in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            f"{command} --port {port} --enforce-eager",
            shell=True,
            env={**os.environ, "PATH": path},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process, log)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    started = time.monotonic()
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() - started < DEADLINE_S, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(f"{url}/v1/models", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
