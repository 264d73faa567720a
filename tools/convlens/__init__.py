"""Tools that bring published networks into ConvLens' model format (docs/format.md)."""
