"""Decodes files that are not from a trusted container in a process of their own, which may crash or hang."""
