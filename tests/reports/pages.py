"""A strict reader of the HTML that the reports write."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from reports.html import render
from reports.view import build_card
from tests.reports.sample_changes import changed_runs, hostile_run
from tests.reports.sample_record import ABOUT, HOSTILE, large_groups, sample_record, sample_verdict
from tests.reports.sample_values import record_of_values

VOID = {"meta", "br", "hr", "img", "link", "input"}


@dataclass
class Element:
    """One element: what it is, and what stands in it."""

    tag: str
    attributes: dict[str, str]
    content: list["Element | str"] = field(default_factory=list)

    @property
    def inside(self) -> list["Element"]:
        """The elements right below."""
        return [part for part in self.content if isinstance(part, Element)]

    @property
    def text(self) -> str:
        """All words, however deep."""
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    def elements(self) -> Iterator["Element"]:
        """Yield every element below."""
        for element in self.inside:
            yield element
            yield from element.elements()

    def all(self, tag: str) -> list["Element"]:
        """Return every element of that kind below."""
        return [element for element in self.elements() if element.tag == tag]


class Page(HTMLParser):
    """The elements of a document; raises where a tag is closed that is not open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.open = [self.root]
        self.feed(html)
        self.close()
        assert self.open == [self.root], f"never closed: {[e.tag for e in self.open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        element = Element(tag, {k: v or "" for k, v in attrs})
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element that closes itself."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be of that kind."""
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.open[-1].content.append(data)

    def all(self, tag: str) -> list[Element]:
        """Return every element of that kind."""
        return self.root.all(tag)

    def elements(self) -> list[Element]:
        """Return every element."""
        return list(self.root.elements())

    def first(self, tag: str, **attributes: str) -> Element:
        """Return the first element of that kind with these attributes."""
        return next(e for e in self.all(tag) if attributes.items() <= e.attributes.items())


@cache
def drawn(kind: str) -> str:
    """Return the card of one of the samples of ``KINDS``."""
    four = ("news", "sport", "culture", "science")
    record = {
        "classes": lambda: sample_record(labels=four),
        "changed": lambda: sample_record(more=changed_runs(("neutral", "biased"), {"about": ABOUT})),
        "values": record_of_values,
        "large": lambda: sample_record(large_groups(), four),
        "hostile": lambda: sample_record({HOSTILE: [HOSTILE, "b"]}, (HOSTILE, "x"), HOSTILE, (hostile_run(),)),
    }.get(kind, sample_record)()
    verdict = None if kind == "unjudged" else sample_verdict(record)
    return render(build_card(record, verdict), "zh" if kind == "chinese" else "en")


KINDS = ("usual", "chinese", "unjudged", "classes", "changed", "values", "large", "hostile")
