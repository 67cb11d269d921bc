"""Runs every process of one installation: starts them in order, watches them, stops them in order.

It imports neither Django nor a client library, so that the process that waits all day stays small.
"""
