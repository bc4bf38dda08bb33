"""The command line. Modules import heavy dependencies inside functions: `--help` stays fast."""
