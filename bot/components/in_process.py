"""Calls custom actions in the same process, by the road that Rasa takes to an action server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jsonschema import Draft202012Validator
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor


class InProcessActions(EndpointConfig):
    """An action endpoint that runs `actions` itself. What an action raises reaches Rasa as it is."""

    def __init__(self, actions: Iterable[Action]) -> None:
        # Selective: otherwise Rasa copies the whole domain into every call.
        super().__init__(enable_selective_domain=True)
        self._executor = ActionExecutor()
        for action in actions:
            self._executor.register_action(action)
        # Rasa 3.6 checks its own JSON schema again at every call, 11 ms in which nothing else is answered.
        RemoteAction._validate_action_result = _checked

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        return await self._executor.run(kwargs["json"])


_validator = Draft202012Validator(RemoteAction.action_response_format_spec())


def _checked(action: RemoteAction, result: dict[str, Any]) -> bool:
    _validator.validate(result)
    return True
