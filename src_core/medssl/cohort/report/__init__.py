"""A cohort as one page that can be read, printed and sent: `write_report`."""

from medssl.cohort.report.report import Report, write_report

__all__ = ["Report", "write_report"]
