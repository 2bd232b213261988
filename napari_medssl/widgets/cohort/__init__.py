"""The Cohort dock: table and gallery of all cases, and their review."""
