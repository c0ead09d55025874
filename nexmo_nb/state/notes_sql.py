"""The SQL of ``notes.sqlite``: the prices that were seen, and the reports that were requested."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS prices (
        product TEXT NOT NULL, country TEXT NOT NULL, network_code TEXT NOT NULL, seen REAL NOT NULL,
        country_name TEXT, network_name TEXT, price REAL, currency TEXT,
        PRIMARY KEY (product, country, network_code, seen))""",
    """CREATE TABLE IF NOT EXISTS reports (
        digest TEXT PRIMARY KEY, report TEXT NOT NULL, ordered REAL NOT NULL)""",
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
