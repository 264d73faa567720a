"""Where the state spaces lie among generic addresses."""

WINDOWS = {"global": 0, "shared": 1 << 48, "param": 1 << 49}
