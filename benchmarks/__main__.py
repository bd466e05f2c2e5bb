"""The command line: `python -m benchmarks [SUBJECT ...]`."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.measure import Options
from benchmarks.places import Place
from benchmarks.report import write

SUBJECTS = {
    "ami": "adjusted mutual information of one pair of labelings",
    "scores": "NMI, V-measure, ARI and others",
    "compiled": "compiled loops: small calls, scattered labels, many tables; with numba and without",
    "reduced": "reduced mutual information",
    "expectation": "expected mutual information from cluster sizes",
    "bulk": "many labelings against one in one call",
    "pairwise": "every labeling against every other",
    "counting": "labels into tables, against a sum over them",
    "nulls": "moments, random tables drawn and scored, models whose sizes vary",
    "pvalues": "moments and p-values against a million random tables each",
    "coverage": "how often bootstrap intervals hold the mean score of other samples, by method",
    "metrics": "metrics of a torch evaluation loop: epochs and updates",
    "streams": "1e8 labels as a metric, in files, on a Dask cluster: peak memory and time",
    "cli": "commands on files, against the library in memory",
    "memory": "peak memory above the inputs",
    "device": "counting, scores, null models on an accelerator: times, peak memory, ways to count",
    "traffic": "what calls ask of an accelerator: launches, waits, bytes moved, peak memory; counted on a CPU",
    "cost": "what a call costs as samples, clusters, batches grow; a plot",
}
ON_REQUEST = "device"  # on a processor; there it only shows that the subject runs


def parse() -> argparse.Namespace:
    """Read the command line."""
    listed = "\n".join(f"  {name:12} {what}" for name, what in SUBJECTS.items())
    parser = argparse.ArgumentParser(
        "benchmarks",
        description="Measure amiable against its peers and against itself.",
        epilog=f"subjects (default: all, but {ON_REQUEST} on an accelerator only):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="what to measure, see below")
    parser.add_argument("--repeats", type=int, default=51, help="runs of each side at most (default: 51)")
    parser.add_argument(
        "--seconds", type=float, default=30, help="a side is not run again once its runs took this long (default: 30)"
    )
    parser.add_argument("--match", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    parser.add_argument("--library", choices=("numpy", "torch", "cupy", "jax"), default="numpy", help="of the labels")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="of the labels (default: cuda for cupy, else cpu)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results", help="where results go")
    parser.add_argument(
        "--revision",
        nargs="+",
        metavar=("A", "B"),
        help="compare git revisions of amiable: A with B, or with the working tree; exit status 1 if B is slower",
    )
    parser.add_argument("--rounds", type=int, default=7, help="of --revision: fresh processes of each (default: 7)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.subjects if name not in SUBJECTS]
    if unknown:
        parser.error(f"no subject {', '.join(unknown)}: expected some of {', '.join(SUBJECTS)}")
    if len(arguments.revision or ()) > 2:
        parser.error(f"{len(arguments.revision)} revisions: expected one or two")
    return arguments


def main() -> int:
    """Measure, print, write; 1 if results differed or are missing, or a revision is slower."""
    arguments = parse()
    device = arguments.device or ("cuda" if arguments.library == "cupy" else "cpu")
    place = Place(arguments.library, device)
    if arguments.revision:
        from benchmarks.revisions import compare_revisions

        return compare_revisions(arguments.revision, place, arguments.rounds, arguments.match, arguments.output)
    options = Options(place, arguments.repeats, arguments.seconds, arguments.match, arguments.output)
    failures = []
    default = [name for name in SUBJECTS if name != ON_REQUEST or device != "cpu"]
    for subject in arguments.subjects or default:
        report = importlib.import_module(f"benchmarks.{subject}").run(options)
        write(report, subject, place, arguments.output)
        failures += report.failures
    for failure in failures:
        print(f"results differ, or are missing: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
