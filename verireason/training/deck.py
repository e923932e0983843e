"""Problems by the number that the asker gives them, ready to be asked: prompt laid out, checks counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.farm import Farm
from verireason.config import Config
from verireason.data.calibrate import calibrate
from verireason.errors import UserError
from verireason.problem import Problem
from verireason.templates import TEMPLATES
from verireason.training.asking import Asker
from verireason.training.models import LanguageModel, has_chat_template, prompt_tokens
from verireason.training.prompts import check_room


class Deck:
    """What is known of the problems that were asked or will be first."""

    def __init__(self, *, config: Config, asker: Asker, farm: Farm, model: LanguageModel) -> None:
        self._config, self._asker, self._farm, self._model = config, asker, farm, model
        self._calibrated: dict[str, Problem] = {}
        self._prompts: dict[str, Any] = {}

    def prepare(self, problems: Sequence[Problem]) -> None:
        """Check problems before any is asked. UserError when a golden does not pass: no completion could; and when a
        prompt does not leave room for an answer."""
        new = {each.id: each for each in problems if each.id not in self._prompts}
        if not new:
            return
        unknown = [each for each in new.values() if each.spec.num_checks is None]
        if unknown:
            calibration = calibrate(self._farm, unknown)
            for problem_id, defect in calibration.defects.items():
                raise UserError(f"problem {problem_id}: {defect}; leave it out of the training data")
            self._calibrated |= calibration.problems
        prompts = {each.id: self._lay_out(each) for each in new.values()}
        self._check_room(list(prompts.values()))
        self._prompts |= prompts

    def problem(self, index: int) -> Problem:
        """The problem of that number."""
        problem = self._asker.problem(index)
        self.prepare([problem])
        return self._calibrated.get(problem.id, problem)

    def prompt(self, index: int) -> Any:
        """What the model is asked: a text, or messages for a chat model."""
        return self._prompts[self.problem(index).id]

    def _lay_out(self, problem: Problem) -> Any:
        return TEMPLATES[self._config.template.name].prompt(
            problem.prompt,
            chat=has_chat_template(self._model.tokenizer),
            system_prompt=self._config.template.system_prompt,
            language=problem.language,
        )

    def _check_room(self, prompts: Sequence[Any]) -> None:
        assert self._config.grpo is not None
        longest = max(len(ids) for ids in prompt_tokens(self._model.tokenizer, prompts))
        room = getattr(self._model.model.config, "max_position_embeddings", None)
        check_room(longest, room=room, answer=self._config.grpo.max_completion_length)
