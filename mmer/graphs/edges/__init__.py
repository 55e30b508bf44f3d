"""Edge rules. One per file; the contract is in ``mmer.graphs``."""
