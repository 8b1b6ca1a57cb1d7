"""A plaza under a surveillance camera, drawn by program: normal life, four anomalies, and the truth."""
