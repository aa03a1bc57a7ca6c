"""The way in: one file per verb."""
