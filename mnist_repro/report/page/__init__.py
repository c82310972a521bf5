"""The HTML of the page, made from the document."""
