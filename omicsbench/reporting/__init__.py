"""The report: one HTML page that opens offline, and its tables as CSV and Markdown.

It is made from stored records alone, so it can be made again anywhere.
"""

from omicsbench.reporting.answer import answer
from omicsbench.reporting.report_page import Report, write_report

__all__ = ["Report", "answer", "write_report"]
