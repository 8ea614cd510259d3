"""What the library and the blocks of a file say to an editor."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate.headers import block_signature
from dslc.elaborate.scope import Definition, Module
from dslc.elaborate.signature import Signature
from dslc.help.entry import Entry, described, entries
from dslc.help.printing import code
from dslc.operation import SettingInfo
from dslc.syntax import tree


def first_entry(name: str, sections: Sequence[str]) -> Entry | None:
    """Return what a name stands for, looking into the sections of the library in turn."""
    return next((entries(one)[name] for one in sections if name in entries(one)), None)


def block_signature_of(node: tree.Block | tree.Net) -> Signature:
    """Return what a block or net takes."""
    return block_signature(Definition(node, Module(tree.File(node.span, ()), "")))


def setting_text(info: SettingInfo, owner: str) -> str:
    """Return what there is to say about a setting: what it takes, its range, its default."""
    return f"{code(f'{info.name} of {owner}')}\n\n{described(info).text()}"
