#!/usr/bin/env python3
"""Writes a capture of many TCP connections that stay open and say nothing more.

    scripts/idle-flows.py COUNT handshake|exchange > idle.pcap

Each has a handshake and, if asked for, one small exchange over HTTP/1.1; the connections begin
100 microseconds apart, and none is ended. What they cost is the peak memory of

    phitap replay idle.pcap --memory 1G --workers 1 --db idle.db

less that of the same with a COUNT of 1.
"""

import struct
import sys

SYN, PSH, ACK = 0x02, 0x08, 0x10
SERVER = (10 << 24 | 2, 80)
REQUEST = b"GET /items/1 HTTP/1.1\r\nHost: idle.example\r\n\r\n"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    b'{"state":"new"}'
)


def frame(at, source, target, seq, ack, flags, payload=b""):
    tcp = struct.pack(
        ">HHIIBBHHH", source[1], target[1], seq, ack, 5 << 4, flags, 65_000, 0, 0
    )
    length = 20 + len(tcp) + len(payload)
    ip = struct.pack(
        ">BBHHHBBHII", 0x45, 0, length, 0, 0x4000, 64, 6, 0, source[0], target[0]
    )
    data = bytes(12) + b"\x08\x00" + ip + tcp + payload
    header = struct.pack("<IIII", at // 10**6, at % 10**6, len(data), len(data))
    return header + data


def main():
    count, talks = int(sys.argv[1]), {"handshake": False, "exchange": True}[sys.argv[2]]
    out = sys.stdout.buffer
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
    for number in range(count):
        at = 1_700_000_000 * 10**6 + number * 100
        client = (11 << 24 | number // 50_000, 1025 + number % 50_000)
        asks, answers = 101 + len(REQUEST), 901 + len(ANSWER)
        out.write(frame(at, client, SERVER, 100, 0, SYN))
        out.write(frame(at + 1, SERVER, client, 900, 101, SYN | ACK))
        out.write(frame(at + 2, client, SERVER, 101, 901, ACK))
        if talks:
            out.write(frame(at + 3, client, SERVER, 101, 901, PSH | ACK, REQUEST))
            out.write(frame(at + 4, SERVER, client, 901, asks, PSH | ACK, ANSWER))
            out.write(frame(at + 5, client, SERVER, asks, answers, ACK))


main()
