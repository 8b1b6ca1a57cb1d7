"""Redaction: what of a recording is not to be seen in anything that leaves the program."""
