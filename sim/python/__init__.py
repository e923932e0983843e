"""All that knows Python programs as candidates."""
