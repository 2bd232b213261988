"""What a cohort can do, one subject a file; `medssl.cohort.Cohort` joins them."""
