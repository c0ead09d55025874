"""What is kept on this machine: the ledger of sends, the windows of the limit, cached answers, price history."""
