"""How what is rare in footage that nobody reviewed should count for the threshold."""
