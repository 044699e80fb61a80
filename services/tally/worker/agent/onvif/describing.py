"""Answers what an ONVIF device is."""

from dataclasses import asdict, dataclass

from tally.api.camera.v1 import discovery_pb2
from tally.api.worker.v1.requests_pb2 import DescribeReply, DescribeRequest
from tally.kernel.sealing import KeyRing
from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.credentials import open_credentials
from tally.worker.agent.onvif.device import describe
from tally.worker.agent.probing.failures import failure_of
from tally.worker.agent.sources import SourceError


@dataclass(frozen=True, slots=True)
class Describer:
    """Asks devices what they are.

    Attributes:
        keys: Open credentials.
        networks: Where devices may be.
    """

    keys: KeyRing
    networks: StreamNetworks

    async def __call__(self, request: DescribeRequest) -> DescribeReply:
        """What the device says, or why it says nothing."""
        try:
            credentials = open_credentials(
                self.keys, request.sealed_credentials, request.sealed_for, request.address
            )
            found = await describe(request.address, credentials, self.networks)
        except SourceError as error:
            return DescribeReply(
                description=discovery_pb2.DeviceDescription(failure=failure_of(error))
            )
        device = discovery_pb2.DescribedDevice(
            manufacturer=found.manufacturer,
            model=found.model,
            firmware=found.firmware,
            profiles=[discovery_pb2.DeviceProfile(**asdict(each)) for each in found.profiles],
        )
        return DescribeReply(description=discovery_pb2.DeviceDescription(device=device))
