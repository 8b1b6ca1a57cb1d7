"""Ways to damage the bytes of a file."""

from __future__ import annotations

import random
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]


def flipped_bit(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def flipped_bits(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(max(len(data) // 200, 1)):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def flipped_in_the_header(data: bytes, chance: random.Random) -> bytes:
    return flipped_bits(data[:200], chance) + data[200:]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def beginning_gone(data: bytes, chance: random.Random) -> bytes:
    return data[chance.randrange(len(data)) :]


def zeroed(data: bytes, chance: random.Random) -> bytes:
    return _overwritten(data, chance, lambda count: bytes(count))


def filled(data: bytes, chance: random.Random) -> bytes:
    return _overwritten(data, chance, lambda count: b"\xff" * count)


def noise(data: bytes, chance: random.Random) -> bytes:
    return _overwritten(data, chance, chance.randbytes)


def piece_gone(data: bytes, chance: random.Random) -> bytes:
    start, stop = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:start] + data[stop:]


def piece_twice(data: bytes, chance: random.Random) -> bytes:
    start, stop = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:stop] + data[start:stop] + data[stop:]


def huge_number(data: bytes, chance: random.Random) -> bytes:
    """Four bytes that say nearly two or four thousand millions, wherever they are read as a size."""
    place = chance.randrange(max(len(data) - 4, 1))
    return (
        data[:place]
        + chance.choice([b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff"])
        + data[place + 4 :]
    )


MUTATIONS: tuple[Mutation, ...] = (
    flipped_bit,
    flipped_bits,
    flipped_in_the_header,
    cut,
    beginning_gone,
    zeroed,
    filled,
    noise,
    piece_gone,
    piece_twice,
    huge_number,
)


def _overwritten(data: bytes, chance: random.Random, make: Callable[[int], bytes]) -> bytes:
    start = chance.randrange(len(data))
    count = min(chance.choice([4, 64, 1024, len(data) // 4 + 1]), len(data) - start)
    return data[:start] + make(count) + data[start + count :]
