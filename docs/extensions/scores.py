"""Tables of scores, from the records of `amiable.scores.registry`: the directives `score-table` and `score-guide`."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from amiable.scores.registry import RECORDS, Score

BY_CHANCE = {
    "zero": "0: corrected for chance",
    "constant": "the same",
    "rises": "more",
    "falls": "less",
    "peaks": "most near the true number",
}


def setup(app: object) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("score-table", ScoreTable)
    app.add_directive("score-guide", ScoreGuide)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class ScoreTable(SphinxDirective):
    """A row a score: its names, definition and range."""

    heads = ("`score=`", "function", "definition", "range")

    def run(self) -> list[nodes.Node]:
        """Let the table be parsed as the Markdown that it is."""
        rows = [self.heads, ("---",) * len(self.heads), *map(self.row, self.records())]
        return self.parse_text_to_nodes("\n".join(f"| {' | '.join(row)} |" for row in rows))

    def records(self) -> tuple[Score, ...]:
        """Return the scores that have a row."""
        return RECORDS

    def row(self, record: Score) -> tuple[str, ...]:
        """Return what the table says of a score."""
        short = f"`{record.short_name}`" if record.needs == "labels" else ""
        definition = record.definition.replace("|", "\\|")
        return short, _linked(record), f"{record.heading} = {definition}", record.range_in_words


class ScoreGuide(ScoreTable):
    """A row a score: what it is asked for, its range, what chance gives it, what fields call it."""

    heads = ("question", "score", "range", "random labelings with more clusters score", "also called")

    def records(self) -> tuple[Score, ...]:
        """Return scores of two labelings."""
        return tuple(record for record in RECORDS if record.needs == "labels")

    def row(self, record: Score) -> tuple[str, ...]:
        """Return what the table says of a score."""
        limits = record.range_in_words + (", a distance" if record.is_distance else "")
        return record.question, _linked(record), limits, BY_CHANCE[record.by_chance], record.also_called


def _linked(record: Score) -> str:
    return f"{{py:obj}}`amiable.{record.public.__name__}`"
