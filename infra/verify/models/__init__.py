"""What resources mean, a module for each family of types."""
