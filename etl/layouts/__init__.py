"""Layouts of tables: each module turns the cells of a sheet into the same staged frame (etl.layouts.staged)."""
