"""Where a graph comes from: a preview's document, a state's, or the embedded engine's own records."""
