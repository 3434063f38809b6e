"""Results → the data of a report (`cascade.reports.data`). `report.gather` is the way in."""
