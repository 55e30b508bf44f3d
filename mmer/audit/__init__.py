"""Audit: proves that nothing leaked. Splits + artifacts -> findings."""
