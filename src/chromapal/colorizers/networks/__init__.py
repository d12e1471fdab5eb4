"""The networks behind the colorizers."""
