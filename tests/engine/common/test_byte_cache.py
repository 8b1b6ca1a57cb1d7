from hypothesis import given
from hypothesis import strategies as st

from engine.common.byte_cache import byte_cache


@given(
    st.integers(0, 100),
    st.lists(st.tuples(st.sampled_from(["put", "get"]), st.integers(0, 9), st.integers(1, 40)), max_size=60),
)
def test_the_cache_keeps_the_latest_and_its_bytes(max_bytes: int, calls: list[tuple[str, int, int]]) -> None:
    cache = byte_cache(max_bytes, lambda kept: kept[1])
    put: dict[int, tuple[int, int]] = {}
    for number, (call, index, size) in enumerate(calls):
        if call == "put":
            cache[index] = put[index] = (number, size)
            assert cache.get(index) == (number, size)
        assert cache.get(index) in (None, put.get(index))
        kept = [key for key in put if key in cache]
        assert sum(put[key][1] for key in kept) <= max_bytes or len(kept) == 1
    cache.clear()
    assert cache.currsize == 0


def test_what_was_looked_at_stays() -> None:
    cache = byte_cache(10, lambda kept: kept)
    cache[0], cache[1] = 5, 5
    assert cache.get(0) == 5
    cache[2] = 5
    assert sorted(cache) == [0, 2]


def test_what_is_too_large_stays_alone() -> None:
    cache = byte_cache(10, lambda kept: kept)
    cache[0] = 5
    cache[1] = 99
    assert list(cache) == [1]
    cache[2] = 5
    assert list(cache) == [2]
