"""The dialog in which a person chooses what leaves the program: clips, tables, a report, an evidence package."""
