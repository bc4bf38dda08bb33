"""Types that all layers share: errors, source spans, durations, clock, the model, the batch."""
