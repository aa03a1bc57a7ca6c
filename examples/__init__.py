"""Data that comes with Assay: published results of real holders, and the cast of the fictional demo."""
