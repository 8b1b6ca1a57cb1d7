"""Damaged and hostile inputs: each ends in the right typed error or a correct result, in time and within bounds.

A part of them runs with all tests; `make abuse` runs the whole.
"""
