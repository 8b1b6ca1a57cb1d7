"""What leaves the program: annotated clips and tables."""
