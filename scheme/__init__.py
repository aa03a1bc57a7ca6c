"""The rules of the scheme: pure functions on Polars frames, no clock, no database, no I/O but the package's own data."""
