"""Strongly connected components of a finite graph (Tarjan 1972), without recursion."""

from collections.abc import Callable, Iterable, Iterator


def strong_components(nodes: Iterable[int], targets: Callable[[int], Iterable[int]]) -> list[list[int]]:
    """The strongly connected components of what `nodes` reach over `targets`, each with its nodes in no set order."""
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    calls: list[tuple[int, Iterator[int]]] = []
    components: list[list[int]] = []

    def enter(node: int) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        on_stack.add(node)
        calls.append((node, iter(targets(node))))

    for root in nodes:
        if root not in order:
            enter(root)
        while calls:
            node, rest = calls[-1]
            target = next(rest, None)
            if target is None:
                calls.pop()
                if calls:
                    caller = calls[-1][0]
                    lowest[caller] = min(lowest[caller], lowest[node])
                if lowest[node] == order[node]:
                    components.append(_pop_component(stack, on_stack, node))
            elif target not in order:
                enter(target)
            elif target in on_stack:
                lowest[node] = min(lowest[node], order[target])
    return components


def _pop_component(stack: list[int], on_stack: set[int], root: int) -> list[int]:
    """Everything above and including `root` on the stack is its component."""
    component: list[int] = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        component.append(node)
        if node == root:
            return component
