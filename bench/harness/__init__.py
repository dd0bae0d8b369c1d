"""Measures the product and its peers on the same generated books."""
