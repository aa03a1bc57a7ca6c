"""What we promise about speed, measured as ratios in one run: `make bench` and `make bench-small`."""
