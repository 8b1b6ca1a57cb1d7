"""Networks that estimate flow: everything in `engine.flow` that needs torch, imported when a person asks for it."""
