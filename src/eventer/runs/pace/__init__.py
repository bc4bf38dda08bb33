"""Due times of each kind of pace. Pure."""
