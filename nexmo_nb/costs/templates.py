"""Texts of one template: what differs between them is found by comparing their words. Pure.

A campaign's texts have most of their words in common, in the same order; names, codes and times differ. Texts are taken
for one template where at least `SHARED` of the words of the longer are the same in both, and the words that all of them
share are the template. What is left out of a text shows as ``{}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

SHARED = 2 / 3
MOST_COMPARED = 100
"""How many templates a text is compared with, so that a list of texts without any takes seconds, not hours."""
GAP = "{}"
_WORDS = re.compile(r"\d+|[^\W\d]+|[^\w\s]")  # digits apart: of 20h, the hour differs


class _Group:
    """A template: the words that its texts share, and its first text."""

    def __init__(self, text: str, words: list[str]) -> None:
        self.text, self.words, self.texts = text, words, 1


def find_templates(texts: Iterable[str]) -> list[str]:
    """Give the template of each text; a text that is like no other is its own.

    >>> find_templates(["Hello Ana, your table is ready", "Hello Zé, your table is ready", "Good night"])
    ['Hello {}, your table is ready', 'Hello {}, your table is ready', 'Good night']
    """
    groups: list[_Group] = []
    known: dict[str, _Group] = {}
    found: list[_Group] = []
    for text in texts:
        group = known.get(text)
        if group is None:
            group = known[text] = _join_group(text, groups)
        found.append(group)
    shown = {id(group): _write_template(group) for group in groups}
    return [shown[id(group)] for group in found]


def _join_group(text: str, groups: list[_Group]) -> _Group:
    """Add a text to the group that it is like, or to the end as a group of its own; groups of many texts come first."""
    words = _WORDS.findall(text)
    for group in groups[:MOST_COMPARED]:
        shared = _find_shared_words(group.words, words)
        if shared is not None:
            group.words, group.texts = shared, group.texts + 1
            groups.sort(key=lambda each: -each.texts)
            return group
    groups.append(_Group(text, words))
    return groups[-1]


def _find_shared_words(template: Sequence[str], words: Sequence[str]) -> list[str] | None:
    """Return the words that a text shares with a template, in order; None where they are too few."""
    enough = SHARED * max(len(template), len(words))
    if 2 * len(set(template) & set(words)) < max(len(set(template)), len(set(words))):
        return None  # a quick look, by which most of those that do not fit are gone
    if _is_within(template, words):
        return list(template) if len(template) >= enough else None
    matcher = SequenceMatcher(None, template, words, autojunk=False)
    shared = [word for block in matcher.get_matching_blocks() for word in template[block.a : block.a + block.size]]
    return shared if len(shared) >= enough else None


def _is_within(template: Iterable[str], words: Iterable[str]) -> bool:
    """Tell whether a text has all words of a template, in their order."""
    left = iter(words)
    return all(word in left for word in template)


def _write_template(group: _Group) -> str:
    """Write the first text of a group with a gap for each run of words that not all texts have."""
    shared = iter(group.words)
    wanted = next(shared, None)
    written, place, is_gap = "", 0, False
    for word in _WORDS.finditer(group.text):
        if word[0] == wanted:
            written += group.text[place : word.start()] + word[0]
            wanted, is_gap = next(shared, None), False
        elif not is_gap:
            written += group.text[place : word.start()] + GAP
            is_gap = True
        place = word.end()
    return written + group.text[place:]
