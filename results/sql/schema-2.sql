-- Which share of an epoch's seconds went into nodes that the fused executor leaves to LibTorch's operations.

ALTER TABLE timings ADD COLUMN library_seconds REAL;  -- NULL under the reference executor
