"""What every layer speaks: errors, source spans, durations, clock, the model, the batch."""
