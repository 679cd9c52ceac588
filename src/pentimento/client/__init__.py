"""A client of `pentimento serve`: what a studio does in process, over HTTP.

    with Client("http://127.0.0.1:7860") as client:
        pictures = client.run(Request(prompt="a red house", seed=1))
        pictures[0].save("house.png")

`AsyncClient` has the same methods, awaited. What a method does is written once, as a
generator that yields HTTP requests and is sent their answers; the two clients differ only
in how they send.
"""

from .awaited import AsyncClient
from .told import JobFailed, RemoteEvent, RemoteJob, RemotePicture, ServerError
from .waiting import Client

__all__ = ["AsyncClient", "Client", "JobFailed", "RemoteEvent", "RemoteJob", "RemotePicture", "ServerError"]
