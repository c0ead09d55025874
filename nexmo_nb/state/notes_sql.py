"""The SQL of ``notes.sqlite``: prices that were seen, reports that were requested, and what was looked up."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS prices (
        product TEXT NOT NULL, country TEXT NOT NULL, network_code TEXT NOT NULL, seen REAL NOT NULL,
        country_name TEXT, network_name TEXT, price REAL, currency TEXT,
        PRIMARY KEY (product, country, network_code, seen))""",
    """CREATE TABLE IF NOT EXISTS reports (
        digest TEXT PRIMARY KEY, report TEXT NOT NULL, ordered REAL NOT NULL)""",
)
MIGRATIONS = (
    # The first layout knew nothing of numbers that are looked up.
    (
        """CREATE TABLE IF NOT EXISTS insights (
        number TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, saved REAL NOT NULL,
        PRIMARY KEY (number, name))""",
    ),
)

_PRICE = "product, country, network_code, seen, country_name, network_name, price, currency"
SELECT_PRICES = f"SELECT {_PRICE} FROM prices ORDER BY seen, product, country, network_code"
SELECT_PRICES_OF_PRODUCT = f"SELECT {_PRICE} FROM prices WHERE product = :product ORDER BY seen"
SELECT_LAST_SEEN = "SELECT MAX(seen) FROM prices"
INSERT_PRICE = f"""INSERT INTO prices ({_PRICE})
    VALUES (:product, :country, :network_code, :seen, :country_name, :network_name, :price, :currency)
    ON CONFLICT (product, country, network_code, seen) DO NOTHING"""

SELECT_REPORT = "SELECT report FROM reports WHERE digest = :digest AND ordered > :expired"
INSERT_REPORT = "INSERT INTO reports (digest, report, ordered) VALUES (:digest, :report, :now)"
DELETE_REPORT = "DELETE FROM reports WHERE digest = :digest"
DELETE_REPORT_AND_EXPIRED = "DELETE FROM reports WHERE digest = :digest OR ordered <= :expired"

SELECT_INSIGHTS = "SELECT name, body, saved FROM insights WHERE number = :number"
INSERT_INSIGHT = """INSERT INTO insights (number, name, body, saved) VALUES (:number, :name, :body, :saved)
    ON CONFLICT (number, name) DO UPDATE SET body = excluded.body, saved = excluded.saved"""
DELETE_INSIGHTS = "DELETE FROM insights WHERE saved < :before"
