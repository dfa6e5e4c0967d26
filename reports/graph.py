"""The value graph: which value rests on which, the evidence for each, and what the gate made of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from audit.values import GRAPH, Evidenced, Ruled
from reports.svg import element, text
from reports.words import Words, of, say

WIDTH, HEIGHT = 160, 50
"""Size of a node, in pixels."""
ACROSS, DOWN = 16, 14
"""Room between nodes."""
ICON = 15


@dataclass(frozen=True)
class Node:
    """One node, and those that rest on it."""

    title: Words
    anchor: str
    state: Evidenced | Ruled
    column: int
    row: float
    """Of a leaf a whole number; of others the middle of those that rest on it."""
    leads_to: tuple["Node", ...]


def value_graph(states: Mapping[str, Evidenced | Ruled]) -> Node:
    """Return the value graph with the standing of each node."""
    return _node(next(iter(GRAPH)), states, 0, 0)


def _node(id: str, states: Mapping[str, Evidenced | Ruled], column: int, row: int) -> Node:
    node = GRAPH[id]
    children: list[Node] = []
    for child in node.leads_to:
        children.append(_node(child, states, column + 1, row))
        row += _leaves(children[-1])
    middle = (children[0].row + children[-1].row) / 2 if children else float(row)
    return Node(of(node.title), f"value-{node.value}", states[id], column, middle, tuple(children))


def _leaves(node: Node) -> int:
    return sum(map(_leaves, node.leads_to)) or 1


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.leads_to:
        yield from _below(child)


# --- drawing ------------------------------------------------------------------------------


def draw(root: Node) -> Markup:
    """Return the graph as a drawing whose nodes lead to the sections of their values."""
    nodes = list(_below(root))
    width = _x(max(node.column for node in nodes)) + WIDTH + 1
    height = int(_y(max(node.row for node in nodes))) + HEIGHT + 1
    edges = "".join(_edge(node, child) for node in nodes for child in node.leads_to)
    parts = [element("path", d=edges, class_="edge"), *map(_box, nodes)]
    box = f"0 0 {width} {height}"
    return element("svg", *parts, viewBox=box, role="group", aria_labelledby="graph-title")


def _x(column: int) -> int:
    return 1 + column * (WIDTH + ACROSS)


def _y(row: float) -> float:
    return 1 + row * (HEIGHT + DOWN)


def _edge(start: Node, end: Node) -> str:
    x, y, down = _x(start.column) + WIDTH, _y(start.row) + HEIGHT / 2, _y(end.row) + HEIGHT / 2
    return f"M{x} {y:g}C{x + ACROSS} {y:g} {x} {down:g} {x + ACROSS} {down:g}"


def _box(node: Node) -> Markup:
    x, y = _x(node.column), _y(node.row)
    shape = element("rect", x=x, y=y, width=WIDTH, height=HEIGHT, rx=6)
    icon = element("use", href=f"#icon-{node.state}", x=x + 11, y=y + 27, width=ICON, height=ICON)
    title = text(node.title, x=x + 11, y=y + 19, class_="title")
    state = text(say(f"standing.{node.state}"), x=x + 16 + ICON, y=y + 39)
    return element("a", shape, icon, title, state, href=f"#{node.anchor}", class_=f"is-{node.state}")
