"""Answers that take seconds, given once for a network and its settings: FINN asks an op again and again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

from ganglion.models.reference import IntNetwork

S = TypeVar("S")
A = TypeVar("A")

REMEMBERED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question(Generic[S]):
    """A network and settings, equal when their integers are."""

    network: IntNetwork = field(compare=False)
    settings: S
    integers: tuple[object, ...]


def remembered(answer: Callable[[IntNetwork, S], A]) -> Callable[[IntNetwork, S], A]:
    """Return the function `answer`, which then computes once for the same integers and (frozen) settings."""

    @lru_cache(maxsize=REMEMBERED)
    def once(question: _Question[S]) -> A:
        return answer(question.network, question.settings)

    def ask(network: IntNetwork, settings: S) -> A:
        arrays = (*network.weights, *network.biases)
        integers = (network.spec, *(array.astype("int64").tobytes() for array in arrays))
        return once(_Question(network=network, settings=settings, integers=integers))

    return ask
