"""`python -m amiable` and the `amiable` command."""

import sys

from amiable._extras import hint


def main() -> None:
    """Run the command line; say what to install where its libraries are missing."""
    try:
        from amiable.cli import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "polars", "zstandard"):
            raise
        sys.exit(f"amiable: {hint('the command line', error.name, 'cli')}")
    app(prog_name="amiable")


if __name__ == "__main__":
    main()
