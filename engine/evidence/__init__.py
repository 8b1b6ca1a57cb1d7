"""Evidence packages: recording, clips, review, tables and report with their checksums, as BagIt."""
