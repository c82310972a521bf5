"""The page that shows what runs gave: facts are collected into one JSON document, and the page is made from it."""
