"""The value graph: every node once, where it leads, and what it shows."""

from collections.abc import Iterator

from audit.values import GRAPH, VALUES, node_states
from reports.graph import Node, draw, value_graph
from reports.words import in_language, say
from tests.reports.pages import Page, drawn
from tests.reports.sample_record import sample_verdict
from tests.reports.sample_values import record_of_values


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.leads_to:
        yield from nodes(child)


def test_it_is_the_tree_of_the_sources() -> None:
    root = value_graph(node_states(record_of_values()))
    paths = {"人类计算": [["以人为本", "决策透明", "公平正义", "社会和谐"], ["可解释性", "可信度", "用户接受度"]]}
    at = {in_language(node.title, "zh"): node for node in nodes(root)}
    assert len(at) == len(GRAPH) == sum(1 for _ in nodes(root))
    for path in [*paths["人类计算"], ["伦理法律合规", "用户隐私保护", "社会信任", "社会可持续发展"]]:
        for start, end in zip(["人类计算", *path], path, strict=False):
            assert at[end] in at[start].leads_to


def test_no_two_boxes_lie_on_each_other() -> None:
    places = [(node.column, node.row) for node in nodes(value_graph(node_states(record_of_values())))]
    for i, (column, row) in enumerate(places):
        assert all(column != other or abs(row - at) >= 1 for other, at in places[:i])


def test_each_box_tells_its_state_by_word_shape_and_class_and_leads_to_its_value() -> None:
    figure = Page(drawn("values")).first("figure", **{"class": "graph"})
    boxes = figure.all("svg")[0].all("a")
    assert len(boxes) == len(GRAPH)
    twin = figure.all("details")[0].all("a")
    assert [e.text for e in twin] == [e.all("text")[0].text + e.all("text")[1].text for e in boxes]
    at = {box.all("text")[0].text: box for box in boxes}
    states = node_states(record_of_values(), sample_verdict(record_of_values()))
    assert len({*states.values()}) > 3
    for id, node in GRAPH.items():
        box = at[node.title["en"]]
        assert box.attributes["href"] == f"#value-{node.value}"
        assert box.attributes["class"] == f"is-{states[id]}"
        assert box.all("use")[0].attributes["href"] == f"#icon-{states[id]}"
        assert box.all("text")[2].text == in_language(say(f"standing.{states[id]}"), "en")


def test_the_drawing_has_no_style_of_its_own() -> None:
    assert "style=" not in draw(value_graph(node_states(record_of_values())))
    assert {node.value for node in GRAPH.values()} <= set(VALUES)
