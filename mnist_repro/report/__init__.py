"""The report page about runs: collects facts into one JSON document, from which the page is made."""
