"""The TCP side of the estate: listening sockets, one conversation per connection, and the count of open connections.

Connections are accepted here and not by ``asyncio.start_server``: a TLS connection must count from its first packet,
and an emulated device must be able to say nothing, or to reset.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field

from camscan.demo import system
from camscan.demo.device import Tcp, Unit
from camscan.demo.record import Record

_READ_LIMIT = 65536


@dataclass(slots=True, eq=False)
class Connection:
    """One accepted connection: the ``Session`` of a conversation."""

    unit: Unit
    port: int
    number: int
    record: Record
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read_line_block(self, limit: int = 16384) -> bytes:
        """See ``Session``."""
        block = await self.reader.read(1)
        if block == b"\x16":  # TLS on a plain port has no lines
            return block + await self.reader.read(1024)
        while block and len(block) < limit:
            try:
                line = await self.reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                break
            except asyncio.IncompleteReadError as error:
                return block + error.partial
            block += line
            if line in {b"\n", b"\r\n"}:
                break
        return block

    async def read_exactly(self, count: int) -> bytes:
        """See ``Session``."""
        try:
            return await self.reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            return error.partial

    async def read_until_closed(self) -> bytes:
        """See ``Session``."""
        data = b""
        while len(data) < _READ_LIMIT and (more := await self.reader.read(_READ_LIMIT)):
            data += more
        return data

    async def send(self, payload: bytes) -> None:
        """See ``Session``."""
        self.writer.write(payload)
        await self.writer.drain()

    async def pause(self, seconds: float) -> None:
        """See ``Session``."""
        await asyncio.sleep(seconds)
        if self.writer.is_closing() or self.reader.at_eof():
            raise ConnectionResetError

    def reset(self) -> None:
        """See ``Session``."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, system.RESET)
        self.writer.transport.abort()

    def record_request(self, protocol: str, payload: bytes) -> None:
        """See ``Session``."""
        self.record.record_request(self.unit.ip, self.port, protocol, payload)

    def record_violation(self, rule: str, detail: str) -> None:
        """See ``Session``."""
        self.record.record_violation(self.unit.ip, self.port, "tcp", rule, detail)

    def count_challenge(self) -> None:
        """See ``Session``."""
        self.record.count_challenge(self.unit.ip)


@dataclass(slots=True, eq=False)
class Listener:
    """One listening port of one unit."""

    unit: Unit
    service: Tcp
    record: Record
    context: ssl.SSLContext | None
    open: set[socket.socket]
    """The open connections of the unit, shared by all its ports."""
    tasks: set[asyncio.Task[None]]
    sock: socket.socket = field(init=False)

    def start(self, interface: str) -> None:
        """Start to listen. Raises OSError if the port is taken or not allowed."""
        self.sock = system.stream_socket(interface)
        try:
            self.sock.bind((self.unit.ip, self.port))
        except OSError:
            self.sock.close()
            raise
        self.sock.listen(16)
        system.watch_connections(self.sock, self._accept)

    def stop(self) -> None:
        """Stop listening."""
        system.unwatch(self.sock)
        self.sock.close()

    @property
    def port(self) -> int:
        """The port on which it really listens."""
        return self.unit.port(self.service.port)

    def _accept(self, sock: socket.socket) -> None:
        self.open.intersection_update([other for other in self.open if system.is_open(other)])
        others = len(self.open)
        if system.is_open(sock):  # a scanner may have come and gone before we looked
            self.record.record_opening(self.unit.ip, self.port, others)
        self.open.add(sock)
        task = asyncio.get_running_loop().create_task(self._serve(sock, others))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _serve(self, sock: socket.socket, others: int) -> None:
        opened_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self.service.patience):
                await self._converse(sock, others)
        except (OSError, ssl.SSLError, TimeoutError):
            pass  # the visitor left, did not use TLS, or stayed idle: a device closes the connection and forgets it
        finally:
            self.open.discard(sock)
            self.record.record_closing(self.unit.ip, self.port, opened_at)

    async def _converse(self, sock: socket.socket, others: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=self.context)
        except BaseException:
            sock.close()
            raise
        try:
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            await self.service.converse(Connection(self.unit, self.port, others, self.record, reader, writer))
            writer.close()
            await writer.wait_closed()
        finally:
            transport.abort()
