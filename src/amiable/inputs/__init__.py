"""What callers bring: labels, codes, counts, dataframes; and every message about bad input."""
