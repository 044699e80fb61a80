"""Lists AI models."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.ai_model import SILENT_AFTER, AiModel, ai_models
from tally.camera.domain.errors import AiModelNotFound
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAiModels(Query[Sequence[AiModel]]):
    """Lists the models that workers can use now.

    Attributes:
        name: Which; empty: all.
        sites: The sites where the caller may see cameras.
    """

    name: str = ""
    sites: Sites


@dataclass(frozen=True, slots=True)
class ListAiModelsHandler:
    """Handles it.

    Attributes:
        clock: Tells which workers are gone.
    """

    clock: Clock

    async def __call__(self, query: ListAiModels, work: UnitOfWork) -> Sequence[AiModel]:
        """The models by name.

        Raises:
            AiModelNotFound: No worker has the one that is asked for.
        """
        installed = await work.ai_models.since(self.clock() - SILENT_AFTER)
        counts = await work.read_model.detectors(query.sites)
        found = [model for model in ai_models(installed, counts) if query.name in ("", model.name)]
        if query.name and not found:
            raise AiModelNotFound(query.name)
        return found
