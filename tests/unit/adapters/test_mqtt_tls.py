"""MQTT over TLS: the certificate is verified, and what TLS has decrypted already is read."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cityhub.adapters.errors import FeedFault
from cityhub.sandbox.city.mqtt.packet import Kind
from tests.unit.adapters.mqtt_double import NOTHING, Peer, broker, listening


async def test_the_certificate_of_the_broker_must_be_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = self_signed(tmp_path)
    tls.load_cert_chain(certificate)

    async def converse(peer: Peer) -> None:
        await peer.welcome()
        await peer.tell([b"x" * 5_000] * 100)
        while (await peer.read())[0] == Kind.PUBACK:
            pass

    async with broker(converse, tls) as url:
        assert url.startswith("mqtts://")
        async with listening(url) as adapter:
            with pytest.raises(FeedFault, match="CERTIFICATE_VERIFY_FAILED"):
                await adapter.ask(NOTHING)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with listening(url) as adapter:
            came = 0
            while came < 100:
                came += len((await adapter.ask(NOTHING)).rejects)
                await adapter.kept()


def self_signed(folder: Path) -> Path:
    """Certificate and key of `localhost`."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    begins = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins)
    builder = builder.not_valid_after(begins + dt.timedelta(days=3))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "localhost.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + signed.public_bytes(pem))
    return file
