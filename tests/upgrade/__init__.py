"""The drill for a new release of the SDKs: what it adds and takes away, and what the shipped stacks make of it."""
