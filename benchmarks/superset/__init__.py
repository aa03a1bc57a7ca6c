"""Apache Superset as a peer of the dashboard's screens: installed, run on the same PostgreSQL, and asked by its API."""
