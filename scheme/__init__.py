"""The rules of the scheme: pure functions on Polars frames, no clock, no database, no files but its own."""
