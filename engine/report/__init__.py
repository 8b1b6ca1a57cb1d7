"""The report of a review: one HTML file that stands on its own."""
