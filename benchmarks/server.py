"""How many SMS a second the sandbox answers: one client of requests, one connection.

Run: python benchmarks/server.py
"""

from __future__ import annotations

from common import Figure, bare, options, report, served, turns


def main() -> None:
    chosen = options(__doc__)
    times, runs = (200, 3) if chosen.quick else (2000, 5)
    with served() as url:
        session = bare(url)
        # As a client in a hurry: requests looks for proxies and netrc at every call otherwise.
        session.trust_env = False
        form = {"to": "351912345678", "from": "Demo", "text": "Hello"}
        spent = turns(
            {"sms": lambda: [session.post(f"{url}/sms/json", data=form, timeout=30) for _ in range(times)]}, runs
        )["sms"]
    pace = times / spent.wall
    report(
        [Figure("The sandbox, SMS a second", f"{pace:,.0f}", goal="at least 1,500", reached=pace >= 1500)], chosen.json
    )


if __name__ == "__main__":
    main()
