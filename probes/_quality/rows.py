"""Rows of a split in an order of their own; and texts that say nothing."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audit.types import Bools, Ints, Split
from probes._sample import drawn
from probes._text import normalised

STAND_INS = (
    r"n/?\.?a\.?|nan|nil|none|null|missing|empty|unknown|undefined|deleted|removed|redacted|test(ing)?|to ?do|tbd",
    r"no (text|comment|content)|not (available|applicable)|comment (deleted|removed)|xx+|placeholder|lorem ipsum.*",
    r"(deleted|removed) by (user|moderator)|#(n/a|value!|ref!|name\?)",
    r"无|空|暂无|没有|未知|测试|已删除|该?(评论|内容)已被?删除",
)
"""What tables and platforms write where there is no text."""
PLACEHOLDER = re.compile(rf"[\W_]*({'|'.join(STAND_INS)})?[\W_]*", re.DOTALL)


def take(split: Split, rows: Ints) -> Split:
    """Return some rows of a split, in the order given."""
    return replace(
        split,
        ids=tuple(split.ids[k] for k in rows),
        texts=tuple(split.texts[k] for k in rows),
        labels=split.labels[rows],
        groups=tuple(replace(column, members=column.members[rows]) for column in split.groups),
        extra={name: tuple(cells[k] for k in rows) for name, cells in split.extra.items()},
        decisions={name: decided[rows] for name, decided in split.decisions.items()},
    )


def some(split: Split, most: int, seed: int) -> Split:
    """Return at most so many rows, drawn by seed and id alone, in an order that depends on nothing else."""
    return take(split, drawn(split, seed)[:most])


def groups_of(split: Split, row: int) -> tuple[str, ...]:
    """Return the groups of one row, such as ``"race: black"``."""
    return tuple(
        f"{column.name}: {value}"
        for column in split.groups
        for value, member in zip(column.values, column.members[row], strict=True)
        if member
    )


def says_nothing(texts: Sequence[str]) -> Bools:
    """Return which texts are blank, have no letter or digit, or stand in for one that is missing, shape (n,)."""
    return np.array([not _pictures(text) and bool(PLACEHOLDER.fullmatch(normalised(text))) for text in texts], bool)


def _pictures(text: str) -> bool:
    """Tell whether a text has emoji, which are no letters but may say all."""
    return any(ord(sign) >= 0x2600 for sign in text if not sign.isalnum() and not 0x3000 <= ord(sign) <= 0x303F)
