"""What leaves the program, as jobs that a queue runs one after another."""
