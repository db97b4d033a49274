"""`export`: every kind of key, every format, versions, refusals."""

from materials import ALL, ASYMMETRIC, backup
from scenario import Step, delete, get, post, scenario

KINDS = ("encryption-key", "signing-key", "hmac-key", "public-key", "certificate-chain")
FORMATS = ("", "raw", "der", "pem")


def known(kind: str, versions: int = 1, **more) -> Step:
    """A key whose bytes are the same on both servers."""
    return post("restore/a", {"backup": backup("a", kind, versions, **more)})


def every_form(kind: str):
    return scenario(
        f"export of {kind}",
        known(kind),
        *[get(f"export/{form}/a{f'?format={format}' if format else ''}") for form in KINDS for format in FORMATS],
    )


SCENARIOS = [
    *[every_form(kind) for kind in ALL],
    scenario(
        "versions to export",
        known("ed25519", 3),
        *[get(f"export/signing-key/a/{version}")
          for version in ("1", "2", "3", "latest", "v1", "v3", "0", "4", "-1", "x", "vv1", "01", "+1", "1.5", "1/2",
                          "LATEST", "99999999999999999999")],
        get("export/signing-key/a/"),
        get("export/signing-key/a"),
        get("export/public-key/a/2"),
        get("export/hmac-key/a/2?format=raw"),
        get("export/hmac-key/a/9?format=pem"),
        post("keys/a/config", {"min_decryption_version": 2}).comparing("data.min_decryption_version"),
        get("export/signing-key/a"),
        get("export/signing-key/a/1"),
        get("export/public-key/a/1"),
        get("export/signing-key/a/2"),
        post("keys/a/config", {"min_encryption_version": 3}).comparing("data.min_encryption_version"),
        post("keys/a/trim", {"min_available_version": 2}).comparing("data.min_available_version"),
        get("export/signing-key/a"),
        get("export/signing-key/a/1"),
    ),
    scenario(
        "keys which are not exportable",
        known("ecdsa-p256", exportable=False),
        *[get(f"export/{form}/a") for form in KINDS],
        get("export/signing-key/a/9"),
        get("export/encryption-key/a?format=pem"),
        get("export/public-key/a/1?format=pem"),
        post("keys/a/config", {"exportable": True}).comparing("data.exportable"),
        *[get(f"export/{form}/a") for form in KINDS],
    ),
    scenario(
        "exports which are none",
        known("aes256-gcm96"),
        *[get(f"export/{form}/a") for form in ("encryption-keys", "ENCRYPTION-KEY", "private-key", "certificate")],
        *[get(f"export/encryption-key/a?format={format}") for format in ("RAW", "jwk", "x", "%20")],
        get("export/nonsense/a?format=x"),
        get("export/nonsense/missing"),
        get("export/encryption-key/missing"),
        get("export/encryption-key/missing?format=x"),
        get("export/encryption-key/missing/9"),
        get("export/encryption-key"),
        get("export/encryption-key/"),
        get("export"),
        get("export/encryption-key/-a"),
        post("export/encryption-key/a", {}),
        delete("export/encryption-key/a"),
        get("export/encryption-key/a?format=raw&unknown=1&name=b&version=9"),
    ),
    scenario(
        "exports of a deleted key",
        known("ed25519"),
        delete("keys/a/soft-delete").comparing("data.soft_deleted"),
        *[get(f"export/{form}/a") for form in KINDS],
    ),
    scenario(
        "exports of a derived key",
        known("ed25519", derived=True, kdf=1),
        *[get(f"export/{form}/a") for form in ("signing-key", "public-key", "hmac-key")],
        get("keys/a"),
        post("sign/a", {"input": "aGVsbG8=", "context": "Y29udGV4dA=="}),
    ),
    scenario(
        "what known keys compute",
        *[step for kind in ALL for step in (
            post(f"restore/{kind}", {"backup": backup(kind, kind)}),
            post(f"hmac/{kind}", {"input": "aGVsbG8="}).comparing("data"),
        )],
        *[get(f"export/public-key/{kind}") for kind in ASYMMETRIC],
    ),
]
