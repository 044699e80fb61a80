"""The one place that knows both the contract's messages and the domain."""
