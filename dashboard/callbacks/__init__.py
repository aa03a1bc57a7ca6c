"""What the pages do: each module lists its wiring first."""
