"""What is expected by chance, from cluster sizes alone: of one cell, of a whole table, and how much it varies."""
