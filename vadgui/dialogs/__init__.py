"""Windows that ask or tell something and close again."""
