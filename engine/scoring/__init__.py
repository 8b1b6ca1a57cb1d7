"""From raw signals to scores and segments."""
