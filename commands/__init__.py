"""The sub-commands of the command line, one module per noun; assay.py puts them together (commands.md).

A module imports at its head what every command needs and nothing else: what a sub-command needs it imports itself.
"""
