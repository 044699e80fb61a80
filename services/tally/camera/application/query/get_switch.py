"""Finds one switch."""

from dataclasses import dataclass

from tally.camera.domain.model_switch import ModelSwitch
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSwitch(Query[ModelSwitch]):
    """Finds one switch.

    Attributes:
        switch_id: The switch.
        sites: Where the caller may see cameras.
    """

    switch_id: str
    sites: Sites


async def get_switch(query: GetSwitch, work: UnitOfWork) -> ModelSwitch:
    """The switch.

    Raises:
        SwitchNotFound: There is no such switch of cameras at those sites.
    """
    return (await work.model_switches.get(query.switch_id)).seen_at(query.sites)
