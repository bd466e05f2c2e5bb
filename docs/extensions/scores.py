"""The table of scores, from the records of `amiable.scores.registry`: the directive `score-table`."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from amiable.scores.registry import RECORDS, Score


def setup(app: object) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("score-table", ScoreTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class ScoreTable(SphinxDirective):
    """A row a score: its names, definition and range."""

    def run(self) -> list[nodes.Node]:
        """Let the table be parsed as the Markdown that it is."""
        heads = ("`score=`", "function", "definition", "range")
        rows = [heads, ("---",) * len(heads), *map(_row, RECORDS)]
        return self.parse_text_to_nodes("\n".join(f"| {' | '.join(row)} |" for row in rows))


def _row(record: Score) -> tuple[str, ...]:
    short = f"`{record.short_name}`" if record.needs == "labels" else ""
    definition = record.definition.replace("|", "\\|")
    return (
        short,
        f"{{py:obj}}`amiable.{record.public.__name__}`",
        f"{record.heading} = {definition}",
        record.range_in_words,
    )
