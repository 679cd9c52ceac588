"""Pictures fetched from public addresses, where the server was started so; never from the network around it."""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from ..errors import ImageError

_SECONDS = 30.0


def fetch_public(url: str, field: str, most_bytes: int, allowed: Callable[[str], bool] | None = None) -> bytes:
    """Fetch a file from a public address; redirects are not followed.

    Parameters
    ----------
    allowed : which numeric addresses may be connected to; left out = the public ones

    Raises
    ------
    ImageError
        Where the address is not public, redirects, fails, or sends more bytes than that.

    Notes
    -----
    The name is looked up once, all its addresses must be public, and the connection goes to
    the address that was checked: what the name leads to a moment later does not matter.
    """
    import httpx

    shown = url[:80]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ImageError(field, shown, f"'{shown}' is no address ({error})") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise ImageError(field, shown, f"'{shown}' is not an http(s) address of a picture")
    try:
        port = port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise ImageError(field, shown, f"'{shown}' cannot be found") from error
    addresses = {str(row[4][0]) for row in found}
    if not addresses or not all((allowed or is_public)(address) for address in addresses):
        raise ImageError(field, shown, f"'{shown}' is not a public address; send the picture itself in base64")
    address = sorted(addresses)[0]
    pinned = httpx.URL(url).copy_with(host=address, port=port)
    headers = {"Host": parts.netloc, "User-Agent": "pentimento"}
    try:
        with (
            httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": host}) as response,
        ):
            if response.status_code != 200:
                raise ImageError(
                    field, shown, f"'{shown}' answers {response.status_code}; give the picture's own address"
                )
            data = bytearray()
            for part in response.iter_bytes():
                data += part
                if len(data) > most_bytes:
                    raise ImageError(field, shown, f"'{shown}' is larger than {most_bytes} bytes")
            return bytes(data)
    except httpx.HTTPError as error:
        raise ImageError(field, shown, f"'{shown}' cannot be fetched ({type(error).__name__})") from error


def is_public(address: str) -> bool:
    """Tell whether an address is on the public internet.

    Examples
    --------
    >>> [is_public(address) for address in ("8.8.8.8", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1")]
    [True, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global and not found.is_multicast
