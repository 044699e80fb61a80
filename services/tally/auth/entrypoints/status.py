"""What REST callers are told beside the answer."""

CREATED = (("x-tally-http-status", "201"),)
"""Has the gateway answer a REST call with 201."""
