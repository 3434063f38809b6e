"""The data of a report → one HTML file that needs nothing else. `page.page` is the way in, `site` writes files."""
