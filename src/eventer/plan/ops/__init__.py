"""What the operations of plan nodes compute: arrays from arrays, a family a file."""
