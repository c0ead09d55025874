"""Texts of SMS: how many parts they take, and how to spell them so that they take fewer."""
