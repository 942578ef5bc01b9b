"""HTTP exchanges as a capture file: classic pcap, Ethernet, IPv4, TCP without options.

One connection per endpoint, kept alive; segments of at most SEGMENT bytes, as a receiver with
large-receive offload shows them. Checksums are zero, as with transmit offload.
"""

import socket
import struct
from urllib.parse import quote

SEGMENT = 16_000
ACK, PSH_ACK, SYN, SYN_ACK, FIN_ACK = 0x10, 0x18, 0x02, 0x12, 0x11


class Capture:
    """A capture that is written as exchanges are added. Times are made, not read from a clock."""

    def __init__(self, path):
        self._out = open(path, "wb")
        self._out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        self._at_us = 1_700_000_000_000_000
        self._flows = 0
        self.body_bytes = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._out.close()

    def connection(self):
        """A new connection between a client and a server of its own."""
        self._flows += 1
        return Connection(self, self._flows)

    def frame(self, source, target, ports, seq, ack, flags, payload=b""):
        self._at_us += 37
        ethernet = b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00"
        total = 40 + len(payload)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 0, 0x4000, 64, 6, 0, source, target)
        tcp = struct.pack(">HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65_535, 0, 0)
        size = 14 + total
        self._out.write(struct.pack("<IIII", *divmod(self._at_us, 1_000_000), size, size))
        self._out.write(ethernet + ip + tcp + payload)


class Connection:
    def __init__(self, capture, number):
        self._capture = capture
        self._client = socket.inet_aton("10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255))
        self._server = socket.inet_aton("192.0.2.%d" % (number % 250 + 1))
        self._ports = (20_000 + number % 40_000, 8080)
        self._seq = [1_000, 5_000]
        self._frame(0, SYN)
        self._frame(1, SYN_ACK)
        self._frame(0, ACK)

    def _frame(self, side, flags, payload=b""):
        ends = (self._client, self._server)
        ports = self._ports if side == 0 else self._ports[::-1]
        ack = self._seq[1 - side] if flags != SYN else 0
        self._capture.frame(ends[side], ends[1 - side], ports, self._seq[side], ack, flags, payload)
        self._seq[side] += len(payload) + (1 if flags in (SYN, SYN_ACK, FIN_ACK) else 0)

    def _send(self, side, data):
        for at in range(0, len(data), SEGMENT):
            self._frame(side, PSH_ACK, data[at : at + SEGMENT])
        self._frame(1 - side, ACK)

    def exchange(self, request, response):
        """Sends two messages, each a (first line, headers, body)."""
        for side, (line, headers, body) in enumerate((request, response)):
            head = [line, *(f"{name}: {value}" for name, value in headers)]
            if body or side == 1:
                head.append(f"Content-Length: {len(body)}")
            self._capture.body_bytes += len(body)
            self._send(side, "\r\n".join(head).encode() + b"\r\n\r\n" + body)

    def close(self):
        self._frame(0, FIN_ACK)
        self._frame(1, FIN_ACK)
        self._frame(0, ACK)


def form(pairs):
    """application/x-www-form-urlencoded (the WHATWG URL standard)."""
    return "&".join(f"{quote(name)}={quote(str(value), safe='')}" for name, value in pairs)
