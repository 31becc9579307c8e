"""Reads the body of an answer, unpacked, within bounds: a small one may unpack to gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import httpx

ACCEPT_ENCODING = "gzip, deflate"
"""What can be unpacked piece by piece."""
_AUTOMATIC = 32 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_STEP = 256 * 1024
_MOST_ENCODINGS = 4


class TooMuchError(httpx.HTTPError):
    """An answer beyond the bounds."""


class NotEncodedError(ValueError):
    """A body that is not encoded as Content-Encoding says."""


def read_body(response: httpx.Response, max_bytes: int) -> bytes:
    """Read and unpack the body; raises `TooMuchError` beyond `max_bytes`, and `NotEncodedError`."""
    if response.is_stream_consumed:  # a transport of tests that gives an answer as a whole, and unpacked
        return response.content
    encodings = [each.strip().lower() for each in response.headers.get("Content-Encoding", "").split(",")]
    encodings = [each for each in encodings if each not in {"", "identity"}]
    if len(encodings) > _MOST_ENCODINGS:
        raise NotEncodedError(f"the body is encoded {len(encodings)} times")
    parts: Iterable[bytes] = response.iter_raw()
    for encoding in reversed(encodings):
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise NotEncodedError(f"the body is encoded as {encoding}, which was not asked for")
        parts = _unpacked(parts, encoding)
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > max_bytes:
            raise TooMuchError(f"answered with more than {max_bytes // 1024 // 1024} MiB")
    return bytes(body)


def _unpacked(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Unpack in steps of a bounded size. gzip may have several members; deflate comes with and without a header."""
    unpacker = zlib.decompressobj(_AUTOMATIC)
    is_first = True
    try:
        for part in parts:
            rest = part
            while rest:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_AUTOMATIC)
                try:
                    yield unpacker.decompress(rest, _STEP)
                except zlib.error:
                    if not is_first or encoding != "deflate":
                        raise
                    unpacker = zlib.decompressobj(_RAW)
                    yield unpacker.decompress(rest, _STEP)
                is_first = False
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        yield unpacker.flush(_STEP)
    except zlib.error:
        raise NotEncodedError(f"the body is not encoded as Content-Encoding says: {encoding}") from None
    if not is_first and not unpacker.eof:
        raise NotEncodedError(f"the body is not encoded as Content-Encoding says: {encoding}, it ends too early")
