"""What the contracts say about every method, read from the committed descriptor image."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto, MethodOptions
from google.protobuf.descriptor_pool import DescriptorPool

from tally.api.options.v1 import policy_pb2

IMAGE = files("tally.api").joinpath("contracts.binpb")


@dataclass(frozen=True)
class Method:
    """One RPC method of the contracts.

    Attributes:
        path: As on the wire, `/package.Service/Method`.
        service: Full name of the service.
        context: The bounded context that serves it, such as `camera`.
        policy: Its policy; None where the contract gives none, which denies it.
        descriptor: Its descriptor, with all options.
    """

    path: str
    service: str
    context: str
    policy: policy_pb2.MethodPolicy | None
    descriptor: MethodDescriptorProto

    @cached_property
    def deadline_s(self) -> float | None:
        """Seconds that a call may take; None for streams that live as long as their subscriber."""
        if self.policy is None or not self.policy.HasField("deadline"):
            return None
        return self.policy.deadline.ToTimedelta().total_seconds()

    @cached_property
    def access(self) -> str | None:
        """The kind of access that the policy gives: `public`, `authenticated` or `permission`; None denies all."""
        return self.policy.WhichOneof("access") if self.policy else None

    @cached_property
    def repeatable(self) -> bool:
        """Whether the contract declares that repeating a call is harmless."""
        return self.descriptor.options.idempotency_level in (
            MethodOptions.NO_SIDE_EFFECTS,
            MethodOptions.IDEMPOTENT,
        )


@cache
def descriptor_image() -> FileDescriptorSet:
    """All contracts with everything they import."""
    return FileDescriptorSet.FromString(IMAGE.read_bytes())


@cache
def descriptor_pool() -> DescriptorPool:
    """All contracts as descriptors, whichever of their generated modules this process has imported."""
    pool = DescriptorPool()
    for file in descriptor_image().file:
        pool.Add(file)
    return pool


@cache
def methods() -> Mapping[str, Method]:
    """Every method of every context, by path."""
    found = {}
    for file in descriptor_image().file:
        for service in file.service:
            full_name = f"{file.package}.{service.name}"
            for descriptor in service.method:
                path = f"/{full_name}/{descriptor.name}"
                options = descriptor.options
                policy = (
                    options.Extensions[policy_pb2.policy]
                    if options.HasExtension(policy_pb2.policy)
                    else None
                )
                found[path] = Method(
                    path, full_name, file.package.split(".")[2], policy, descriptor
                )
    return found


def service_names(context: str) -> tuple[str, ...]:
    """Full names of the services that `context` serves."""
    return tuple(
        sorted({method.service for method in methods().values() if method.context == context})
    )
