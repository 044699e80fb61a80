"""Puts the camera worker together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tally.api.worker.v1.worker_pb2 import CameraSelector
from tally.api.worker.v1.worker_service_pb2 import RegisterWorkerRequest
from tally.counting import warm_up
from tally.kernel.errors import Unavailable
from tally.kernel.grpc.client import connect_with_key
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.ids import new_id
from tally.kernel.process import background
from tally.worker.agent.answering import Answering
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.checkpoints import Checkpoints
from tally.worker.agent.credentials import open_credentials
from tally.worker.agent.decoding import Decoders
from tally.worker.agent.detector import Detectors
from tally.worker.agent.hardware import hardware
from tally.worker.agent.jobs.queue import TaskQueue
from tally.worker.agent.jobs.tools import Tools
from tally.worker.agent.membership import Membership
from tally.worker.agent.onvif.describing import Describer
from tally.worker.agent.outbound import Outbound
from tally.worker.agent.picture_post import PicturePost
from tally.worker.agent.probing.probe import Prober
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.remembered import RememberedAssignments
from tally.worker.agent.runner import DetectorPool, Surroundings
from tally.worker.agent.runs import EndedRecordings
from tally.worker.agent.settings import AgentSettings
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.sources.thinning import thinned
from tally.worker.agent.spool import Spool
from tally.worker.agent.task import CameraTask


@asynccontextmanager
async def camera_worker(
    settings: AgentSettings,
    *,
    detectors: DetectorPool | None = None,
) -> AsyncIterator[RunningServer]:
    """A worker that runs the cameras it is assigned, until the block is left.

    Args:
        settings: What it needs to know.
        detectors: In place of those of Triton.

    Raises:
        KeyRingInvalid: The stream keys are not written as they should be.
        OSError: The spool cannot be used, or the address for the health service is taken.
    """
    stream_keys, networks = settings.key_ring(), settings.networks()
    await asyncio.to_thread(warm_up)
    spool = await asyncio.to_thread(Spool, settings.spool, max_bytes=settings.spool_bytes)
    decoders = Decoders()
    triton = Detectors(settings.triton_address)
    nats_url = settings.nats_url.get_secret_value()
    outbound = Outbound(spool, nats_url, f"agent {settings.name}", settings.nats_domain)
    post = PicturePost(nats_url, f"agent {settings.name} pictures", settings.nats_domain)

    async def open_task(task: CameraTask) -> FrameStream:
        opening = partial(
            open_source,
            task.uri,
            pace=task.pace,
            started_at=task.activate_time,
            credentials=open_credentials(
                stream_keys, task.sealed_credentials, task.camera_id, task.uri
            ),
            networks=networks,
            recordings=settings.recordings,
        )
        return await decoders.open(task.camera_id, partial(thinned, opening, task.max_fps))

    async def open_recording(uri: str) -> FrameStream:
        return await decoders.open(
            new_id(),
            partial(
                open_source,
                uri,
                pace=Pace.AS_FAST_AS_POSSIBLE,
                networks=networks,
                recordings=settings.recordings,
            ),
        )

    async def ping_triton() -> None:
        if not await triton.ready():
            raise Unavailable("Triton does not answer")

    key = settings.api_key.get_secret_value()
    async with connect_with_key(
        settings.pool_address, key, auth_address=settings.auth_address
    ) as channel:
        changed, others_run = asyncio.Event(), asyncio.Event()

        def note_change() -> None:
            changed.set()
            others_run.set()

        cameras = Cameras(
            Surroundings(
                detectors=detectors or triton,
                keep=outbound.keep,
                ended=EndedRecordings(settings.spool / "ended"),
                checkpoints=Checkpoints(settings.spool / "checkpoints"),
                send_picture=post.send,
                changed=note_change,
                open=open_task,
            )
        )
        place = RegisterWorkerRequest(
            name=settings.name,
            capacity=settings.capacity,
            selector=CameraSelector(site_ids=settings.sites, labels=settings.camera_labels),
            hardware=await asyncio.to_thread(hardware),
        )
        answering = Answering(
            nats_url,
            f"agent {settings.name} answers",
            settings.nats_domain,
            settings.sites,
            Prober(stream_keys, settings.stream_networks, settings.recordings),
            Describer(stream_keys, networks),
            networks,
            cameras,
            others_run,
        )
        remembered = RememberedAssignments(settings.spool / "assignments")
        membership = Membership(
            channel,
            place,
            cameras,
            changed,
            remembered,
            lambda: outbound.status,
            triton.inventory,
        )
        tasks = TaskQueue(
            nats_url,
            settings.nats_domain,
            settings.name,
            channel,
            Tools(detectors or triton, open_recording),
        )
        dependencies = {"pool": membership.ping}
        if detectors is None:
            dependencies["triton"] = ping_triton
        try:
            async with (
                outbound.running(),
                background(membership.run(), answering.run(), tasks.run(), post.run()),
                serve("agent", settings, lambda server: None, dependencies) as server,
            ):
                yield server
        finally:
            await decoders.close()
            await triton.close()
            spool.close()
