"""The review: what a person decides about recordings, as a document that nothing is lost from."""
