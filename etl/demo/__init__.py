"""The demo: two fictional tenants and the published results of real holders, entering by the same door as any file."""
