"""The only code that knows one array library from another."""
