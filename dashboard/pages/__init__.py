"""What the pages show: layouts without data, and frames into tables."""
