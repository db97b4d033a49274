"""Certificates and certificate requests which the tests make themselves."""

from datetime import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import NameOID

from materials import private_key

BEFORE, AFTER = datetime(2024, 1, 1), datetime(2044, 1, 1)


@cache
def authority():
    """The key of an authority of our own."""
    return ec.derive_private_key(0xA17, ec.SECP256R1())


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@cache
def certificate(kind: str, number: int = 1, is_authority: bool | None = None, serial: int = 7) -> str:
    """A certificate for a known key; without basic constraints unless something is said of them."""
    return certificate_for(private_key(kind, number).public_key(), is_authority, serial)


def certificate_of(public_pem: str) -> str:
    """A certificate for the public key a server showed."""
    return certificate_for(load_pem_public_key(public_pem.encode()))


def certificate_for(public_key, is_authority: bool | None = None, serial: int = 7) -> str:
    builder = (x509.CertificateBuilder().subject_name(name("leaf")).issuer_name(name("authority"))
               .public_key(public_key).serial_number(serial).not_valid_before(BEFORE).not_valid_after(AFTER))
    if is_authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    return builder.sign(authority(), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@cache
def root() -> str:
    """The certificate of the authority."""
    builder = (x509.CertificateBuilder().subject_name(name("authority")).issuer_name(name("authority"))
               .public_key(authority().public_key()).serial_number(1).not_valid_before(BEFORE).not_valid_after(AFTER)
               .add_extension(x509.BasicConstraints(True, None), critical=True))
    return builder.sign(authority(), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@cache
def request(kind: str = "ecdsa-p256", extended: bool = True, critical: bool = False) -> str:
    """A certificate request of some key, to be used as a template."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sealgate Ältestenrat"),
        x509.NameAttribute(NameOID.COMMON_NAME, "template.example"),
    ]))
    if extended:
        names = [x509.DNSName("a.example"), x509.DNSName("*.b.example"), x509.RFC822Name("who@example.org")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical)
    key = private_key(kind, 2)
    return builder.sign(key, None if kind == "ed25519" else hashes.SHA256()).public_bytes(Encoding.PEM).decode()
