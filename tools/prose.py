"""Check texts against the rules of the style guide that a pattern can find.

Reads comments and strings of Python files (of tests: comments, docstrings and names, as their
strings are inputs), comments of YAML, Make and shell files, and the prose of Markdown and HTML.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

RULES = {
    r"(?<!there\s)\b(is|are|was|were) no (?!longer|more|fewer|less|better|worse)\w+": "'is not a'",
    r"\bwhere there (is|are|was|were) (no|none|nothing)\b": "'if there is no'",
    r"\bof which\b": "two sentences",
    r"\b(says|said|tells|told)\b": "'shows', 'reports', 'contains', 'names': things do not speak",
    r"\bnobody\b": "who or what: 'no step makes it', 'it is not set'",
    r"\bwithout (a word|looking)\b": "'silently', 'without output', 'a constant prediction'",
    r"\b(is|are|was|were|be|been) spared\b": "'cached', 'skipped'",
    r"\banew\b": "'again'",
    r"\btrain sets?\b": "'training set'",
    r"\b(brought|brings?) (it |them )?up\b": "'upload'",
    r"\boutright\b": "nothing in its place",
    r"\b(has|have) not got\b": "'does not have'",
    r"\b(has|have) to be\b": "'must be'",
    r"\bgone on with\b": "'continued'",
    r"\b(none|true|false|empty) where\b": "'or None if', '...; empty if'",
    r"\b\w+(error|interrupted) where\b|\braises:\s": "'Raises ...Error if', in a sentence",
    r"\b(recogn|standard|normal|summar|organ|real|initial|optim|minim|maxim|prior)iz(e[ds]?|ing)\b"
    r"|\bbehaviors?\b|\banalyz\w+|\b(cancel|label)(ed|ing)\b": "British spelling",
}
KINDS = ["*.py", "*.md", "*.html", "*.yaml", "*.yml", "*.toml", "*.sh", "Makefile", "*MLproject"]
SKIPPED = re.compile(
    r"tests/wandb_server/|tools/prose\.py|docs/(style|reference/settings)\.md|docs/own/"
)

_PATTERNS = [(re.compile(rule.replace(" ", r"\s+"), re.I), hint) for rule, hint in RULES.items()]
_CODE = re.compile(r"^( *)```.*?^\1```|(?<=\n\n)( {4}[^\n]*\n|\n)+|`[^`]*`|<[^>]*>", re.M | re.S)
_TEST_NAME = re.compile(r" *(?:async )?def test_(\w+)")
_COMMENT = re.compile(r"(?:^|\s)#(.*)")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each piece of prose in the file with the number of its first line."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from comments(content)
        is_test = "tests" in path.parts
        yield from strings(ast.parse(content), docstrings_only=is_test)
        yield from test_names(content) if is_test else ()
    elif path.suffix in (".md", ".html"):
        yield 1, _CODE.sub(lambda code: re.sub(r"[^\n]+", "*", code[0]), content)
    else:
        for number, line in enumerate(content.splitlines(), 1):
            yield number, "".join(_COMMENT.findall(line))


def comments(content: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of Python source with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_names(content: str) -> Iterator[tuple[int, str]]:
    """Yield the names of tests as sentences, with their lines."""
    for number, line in enumerate(content.splitlines(), 1):
        if name := _TEST_NAME.match(line):
            yield number, name[1].replace("_", " ")


def strings(node: ast.AST, *, docstrings_only: bool) -> Iterator[tuple[int, str]]:
    """Yield the strings below `node`; an f-string is one, with {} for each value."""
    if isinstance(node, ast.JoinedStr) and not docstrings_only:
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        yield node.lineno, "".join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        # A single word is a name, perhaps of somebody else's format.
        if not docstrings_only and not node.value.isidentifier():
            yield node.lineno, node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.lineno, str(node.value.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from strings(child, docstrings_only=docstrings_only)


def problems(path: Path) -> Iterator[str]:
    """Yield `path:line: 'phrase': write ...` for each phrase that breaks a rule."""
    for first, text in texts(path):
        for pattern, hint in _PATTERNS:
            for match in pattern.finditer(text):
                line = first + text.count("\n", 0, match.start())
                yield f"{path}:{line}: '{' '.join(match[0].split())}': write {hint}"


def main(names: list[str]) -> int:
    """Check the files named, or all that Git knows; return 1 if a phrase breaks a rule."""
    command = ["git", "ls-files", "--", *(names or KINDS)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    lines = [line for name in listed if not SKIPPED.match(name) for line in problems(Path(name))]
    print("\n".join(lines), end="\n" if lines else "")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
