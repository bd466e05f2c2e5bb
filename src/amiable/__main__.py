"""`python -m amiable` and the `amiable` command."""

import sys


def main() -> None:
    """Run the command line; say what to install where its libraries are missing."""
    try:
        from amiable.cli import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "polars"):
            raise
        sys.exit(f"amiable: the command line needs {error.name}; install it with: pip install 'amiable[cli]'")
    app(prog_name="amiable")


if __name__ == "__main__":
    main()
