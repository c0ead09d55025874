"""A certificate for 127.0.0.1, made at the start, for clients that speak https only."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

DAYS = 365


class Tls(NamedTuple):
    """What a server needs, and the file of the certificate that its clients are to trust."""

    context: ssl.SSLContext
    certificate: Path


def make_tls(folder: Path | None = None) -> Tls:
    """Make a key and a certificate that stands for itself alone; its file is a new one in `folder`, or a temporary one.

    Whoever trusts it trusts only who has the key, and that is in no file once the context has read it.
    """
    certificate, key = _make_certificate()
    descriptor, path = tempfile.mkstemp(prefix="nexmo-nb-", suffix=".pem", dir=folder)
    with open(descriptor, "wb") as file:
        file.write(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    Path(path).write_bytes(certificate)
    return Tls(context, Path(path))


def _make_certificate() -> tuple[bytes, bytes]:
    """Make a certificate and its key, both as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nexmo-nb sandbox")])
    today = datetime.datetime.now(datetime.timezone.utc)
    # From yesterday, for a client whose clock is slow.
    begin, end = today - datetime.timedelta(days=1), today + datetime.timedelta(days=DAYS)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM), pem
