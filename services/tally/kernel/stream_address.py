"""The network addresses of cameras' streams: which may be connected to, and what credentials are for."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

NETWORK_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
"""Schemes of streams that come over the network."""

_NEVER = tuple(
    map(
        ip_network,
        (
            # This host, link-local, multicast and reserved addresses (RFC 6890, RFC 5771).
            "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "fe80::/10", "fec0::/10", "ff00::/8",
            # Where clouds tell a machine its secrets, beside 169.254.169.254 and 192.0.0.192.
            "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32",
        ),
    )
)  # fmt: skip
_NAT64 = IPv6Network("64:ff9b::/96")


class StreamNetworks:
    """The networks that streams may come from.

    Link-local, multicast, unspecified and reserved addresses, and those of clouds' metadata services, are in none.

    Args:
        text: Networks such as `10.20.0.0/16`, with white space between them; with none, every
            address but those of loopback.

    Raises:
        ValueError: A network is not written as it should be.
    """

    def __init__(self, text: str = "") -> None:
        self._networks = [ip_network(network) for network in text.split()]

    def allow(self, address: str) -> bool:
        """Whether streams may come from this IP address."""
        host = _embedded(ip_address(address.partition("%")[0]))
        if any(host in network for network in _NEVER):
            return False
        if not self._networks:
            return not host.is_loopback
        return any(host in network for network in self._networks)

    def uri_problem(self, uri: str) -> str | None:
        """What is wrong with the address in a URI; None if nothing is, or if it has a name, to be looked up later."""
        parts = urlsplit(uri)
        if parts.scheme not in NETWORK_SCHEMES or parts.hostname is None:
            return None
        try:
            allowed = self.allow(parts.hostname)
        except ValueError:
            return None
        return None if allowed else "has an address that cameras may not have here"


def credentials_purpose(camera_id: str, uri: str) -> str:
    """What a camera's credentials are sealed for: this camera, at this scheme, host and port.

    So neither another camera's worker nor a host that a changed URI names is ever shown them.
    """
    return f"tally stream credentials {camera_id.lower()} {origin(uri)}"


def origin(uri: str) -> str:
    """Scheme, host and port of a URI, as far as it has them."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
