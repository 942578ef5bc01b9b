#!/usr/bin/env python3
"""Writes a capture of one HTTP exchange with a large body to standard output.

The body is a FHIR Bulk Data export as a server would stream it: NDJSON, chunked, one Patient per
line, a different NHS number in the last line only after SIZE bytes. Shows that the sensor inspects
a body to its last byte in constant memory:

    scripts/big-body.py 4000000000 | /usr/bin/time -v phitap replay - --db big.db

usage: scripts/big-body.py BYTES
"""
import struct, sys

size = int(sys.argv[1])
out = sys.stdout.buffer
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
CLIENT, SERVER = (b"\x0a\x00\x00\x01", 40000), (b"\x0a\x00\x00\x02", 80)
seq = {CLIENT: 1000, SERVER: 5000}
clock = [1_700_000_000, 0]


def packet(src, dst, flags, payload=b""):
    tcp = struct.pack(">HHIIBBHHH", src[1], dst[1], seq[src] & 0xFFFFFFFF, seq[dst] & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, src[0], dst[0])
    frame = b"\x02" * 6 + b"\x04" * 6 + b"\x08\x00" + ip + tcp + payload
    clock[1] += 20
    if clock[1] >= 1_000_000:
        clock[0], clock[1] = clock[0] + 1, 0
    out.write(struct.pack("<IIII", clock[0], clock[1], len(frame), len(frame)) + frame)
    seq[src] += len(payload) + bool(flags & 3)


def send(src, dst, data):
    for at in range(0, len(data), 1448):
        packet(src, dst, 0x18, data[at:at + 1448])


packet(CLIENT, SERVER, 2)
packet(SERVER, CLIENT, 0x12)
packet(CLIENT, SERVER, 0x10)
send(CLIENT, SERVER, b"GET /bulk/export.ndjson HTTP/1.1\r\nHost: bulk.example.org\r\n\r\n")
send(SERVER, CLIENT, b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
line = b'{"resourceType":"Patient","id":"%010d","active":true,"gender":"female","birthDate":"1970-01-31"}\n'
block, sent, n = 640, 0, 0
while sent < size:
    body = b"".join(line % (n + i) for i in range(block))
    n += block
    sent += len(body)
    send(SERVER, CLIENT, b"%x\r\n" % len(body) + body + b"\r\n")
    packet(CLIENT, SERVER, 0x10)
last = b'{"resourceType":"Patient","id":"last","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"}]}\n'
send(SERVER, CLIENT, b"%x\r\n" % len(last) + last + b"\r\n0\r\n\r\n")
packet(SERVER, CLIENT, 0x11)
packet(CLIENT, SERVER, 0x11)
