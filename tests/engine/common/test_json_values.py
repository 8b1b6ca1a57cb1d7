from dataclasses import dataclass, field

import pytest

from engine.common.json_values import decode


@dataclass(frozen=True)
class Leaf:
    value: float
    at: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    named: dict[str, Leaf] = field(default_factory=dict)


def test_what_a_type_does_not_know_is_ignored_unless_it_must_fit() -> None:
    tree = Tree((Leaf(1.0, (2, 3)),), {"a": Leaf(4.5)})
    text = '{"leaves": [{"value": 1, "at": [2, 3]}], "named": {"a": {"value": 4.5}}}'
    assert decode(text, Tree) == decode(text.encode(), Tree, exact=True) == tree
    for more in (
        text.replace('"leaves"', '"new": 1, "leaves"'),
        text.replace('"at"', '"new": 1, "at"'),
        text.replace("4.5", '4.5, "new": 1'),
    ):
        assert decode(more, Tree) == tree
        with pytest.raises(ValueError, match="another version of Tree"):
            decode(more, Tree, exact=True)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"leaves": 5}', '{"leaves": [{"value": "1"}]}', '{"leaves": [{}]}', "[" * 100_000]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is a ValueError too
        decode(text, Tree)
