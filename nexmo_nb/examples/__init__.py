"""What to try things with: lists of people who do not exist, and a database that ends with the notebook.

`nexmo_nb.examples.lists` says whose numbers the lists have.
"""

from nexmo_nb.examples.lists import contacts
from nexmo_nb.examples.postgres import Postgres, start_postgres

__all__ = ["Postgres", "contacts", "start_postgres"]
