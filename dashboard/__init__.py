"""The way out: what the screens show, and how they are wired."""
