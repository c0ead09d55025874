"""The SQL of the response cache."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS answers (
        id TEXT PRIMARY KEY, family TEXT NOT NULL, body BLOB NOT NULL, saved REAL NOT NULL, expires REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS answers_expires ON answers (expires)",
)
MIGRATIONS = (
    # A damaged page of the file may still look like a row; the checksum tells.
    ("ALTER TABLE answers ADD COLUMN sum INTEGER",),
    # A change deletes its family: without an index, it would read every body.
    ("CREATE INDEX answers_family ON answers (family)",),
)

SELECT = "SELECT CAST(body AS BLOB), saved, expires, sum FROM answers WHERE id = ?"
SELECT_KEYS = "SELECT id FROM answers ORDER BY id"
INSERT = "REPLACE INTO answers (id, family, body, saved, expires, sum) VALUES (?, ?, ?, ?, ?, ?)"
DELETE_KEY = "DELETE FROM answers WHERE id = ?"
DELETE_FAMILY = "DELETE FROM answers WHERE family = ?"
DELETE_EXPIRED = "DELETE FROM answers WHERE expires < ?"
DELETE_ALL = "DELETE FROM answers"
