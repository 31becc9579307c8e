"""The commands of the command line: one file each, with its options and its call into the rooms.

Nothing heavy is imported until a command runs, so that `--help` answers at once.
"""
