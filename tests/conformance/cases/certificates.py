"""`keys/:name/csr`, `keys/:name/set-certificate`, and where the chain is shown."""

from certificates import certificate, certificate_of, request, root
from materials import ASYMMETRIC, backup, public_pem
from scenario import GO_TEXT, delete, get, post, put, scenario

LEAF = certificate("ecdsa-p256")
OTHERS = ("aes256-gcm96", "aes128-gcm96", "chacha20-poly1305", "xchacha20-poly1305", "hmac")
NOT_PEM = ("nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", 5,
           "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n", LEAF.replace("\n", ""))
CRITICAL = "the peer loses the values of critical extensions"


def known(kind: str, versions: int = 1, **more):
    return post("restore/a", {"backup": backup("a", kind, versions, **more)})


def setting(*chain: str, **more):
    return post("keys/a/set-certificate", {"certificate_chain": "".join(chain), **more})


def life(kind: str):
    return scenario(
        f"request and certificate of {kind}",
        known(kind),
        post("keys/a/csr"),
        put("keys/a/csr", {}),
        post("keys/a/csr", {"csr": request()}),
        post("keys/a/csr", {"csr": request(extended=False)}),
        post("keys/a/csr", {"csr": request(critical=True)}).comparing("data.name").answering(200, CRITICAL),
        post("keys/a/csr", {"csr": ""}),
        post("keys/a/csr", {"csr": None}),
        setting(certificate(kind)),
        get("keys/a"),
        get("export/certificate-chain/a"),
        get("export/certificate-chain/a/1"),
        get("export/certificate-chain/a?format=der"),
        setting(certificate(kind, serial=8), root()),
        get("export/certificate-chain/a/latest"),
        setting(certificate(kind, 2)),
        post("keys/a/rotate").comparing("data.latest_version"),
        get("export/certificate-chain/a"),
        get("export/certificate-chain/a/1"),
        setting(certificate(kind)),
        setting(certificate(kind), version=1),
    )


SCENARIOS = [
    *[life(kind) for kind in ASYMMETRIC],
    scenario(
        "a certificate for what the server made",
        post("keys/a", {"type": "ecdsa-p384"}).saving(public="data.keys.1.public_key"),
        post("keys/a/set-certificate", {"certificate_chain": lambda saved: certificate_of(saved["public"])}
             ).comparing("data.name", "data.type"),
        get("export/certificate-chain/a").comparing("data.name", "data.type"),
        post("keys/a/csr"),
    ),
    scenario(
        "templates of requests which are none",
        known("ecdsa-p256"),
        *[post("keys/a/csr", {"csr": text}).unlike(GO_TEXT) for text in (*NOT_PEM, [request()], {})],
        post("keys/a/csr", {"csr": LEAF}).unlike(GO_TEXT),
        post("keys/a/csr", {"csr": public_pem("ecdsa-p256")}).unlike(GO_TEXT),
        post("keys/a/csr", {"csr": "some text before\n" + request()}),
        post("keys/a/csr", {"csr": request("ed25519")}),
        post("keys/a/csr", {"csr": request("rsa-2048")}),
    ),
    scenario(
        "versions of requests and certificates",
        known("ecdsa-p256", 2),
        *[post("keys/a/csr", {"version": version}) for version in (1, 2, "2", 0, 3, -1, None)],
        *[post("keys/a/csr", {"version": version}).unlike(GO_TEXT) for version in ("x", "latest", 1.5, [])],
        *[setting(LEAF, version=version) for version in (1, "1", 2, 0, 3, -1, None)],
        *[setting(LEAF, version=version).unlike(GO_TEXT) for version in ("x", [])],
        get("keys/a"),
        post("keys/a/config", {"min_decryption_version": 2}).comparing("data.min_decryption_version"),
        post("keys/a/csr", {"version": 1}),
        setting(LEAF, version=1),
        post("keys/a/csr", {"csr": "nonsense", "version": 9}).unlike(GO_TEXT),
        post("keys/a/csr", {"unknown": 1, "name": "b"}),
        get("keys/a/csr"),
        delete("keys/a/csr"),
        get("keys/a/set-certificate"),
        delete("keys/a/set-certificate"),
    ),
    scenario(
        "chains which are none",
        known("ecdsa-p256"),
        post("keys/a/set-certificate"),
        post("keys/a/set-certificate", {}),
        *[post("keys/a/set-certificate", {"certificate_chain": text}) for text in ("", None, "  \n ")],
        *[post("keys/a/set-certificate", {"certificate_chain": text}).unlike(GO_TEXT)
          for text in (*NOT_PEM, [LEAF], {})],
        setting(public_pem("ecdsa-p256")),
        setting(public_pem("ecdsa-p256"), LEAF),
        setting("some text before\n", LEAF),
        setting(LEAF, "some text behind\n").unlike(GO_TEXT),
        setting(LEAF.replace("CERTIFICATE", "X509 CERTIFICATE")),
        setting(LEAF.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
        setting(root()),
        setting(root(), LEAF),
        setting(certificate("ecdsa-p256", is_authority=True)),
        setting(certificate("ecdsa-p256", is_authority=False)),
        setting(LEAF, LEAF),
        setting(LEAF, certificate("ecdsa-p256", is_authority=False), root()),
        setting(LEAF, certificate("ecdsa-p384", is_authority=True), root()),
        setting(LEAF, certificate("ecdsa-p384", is_authority=True), LEAF),
        *[setting(certificate(kind)) for kind in ASYMMETRIC],
        setting(certificate("ecdsa-p256", 2)),
        get("keys/a"),
        setting(LEAF, unknown=1, name="b"),
    ),
    scenario(
        "keys which have no certificates",
        *[step for kind in OTHERS for step in (
            post(f"keys/{kind}", {"type": kind, **({"key_size": 32} if kind == "hmac" else {})}).comparing("data.type"),
            post(f"keys/{kind}/csr"),
            post(f"keys/{kind}/csr", {"csr": "nonsense"}),
            post(f"keys/{kind}/set-certificate", {"certificate_chain": LEAF}),
            post(f"keys/{kind}/set-certificate", {}),
        )],
        post("keys/derived", {"type": "ed25519", "derived": True}).comparing("data.type"),
        post("keys/derived/csr"),
        post("keys/derived/set-certificate", {"certificate_chain": certificate("ed25519")}),
        post("keys/missing/csr"),
        post("keys/missing/csr", {"csr": "nonsense", "version": 9}),
        post("keys/missing/set-certificate", {"certificate_chain": LEAF}),
        post("keys/missing/set-certificate", {"certificate_chain": "nonsense"}),
    ),
    scenario(
        "certificates of a deleted key",
        known("ecdsa-p256"),
        delete("keys/a/soft-delete").comparing("data.soft_deleted"),
        post("keys/a/csr").answering(400, "a deleted key refuses all use; the peer forgets that here"),
        setting(LEAF).answering(400, "a deleted key refuses all use; the peer forgets that here"),
    ),
    scenario(
        "a certificate for a public key alone",
        post("keys/a/import", {"type": "ecdsa-p256", "public_key": public_pem("ecdsa-p256")}),
        setting(LEAF),
        get("keys/a"),
        post("keys/b/import", {"type": "ed25519", "public_key": public_pem("ed25519")}),
        post("keys/b/set-certificate", {"certificate_chain": certificate("ed25519")}),
        get("export/certificate-chain/b"),
    ),
    scenario(
        "a backup keeps the chain",
        known("ed25519"),
        setting(certificate("ed25519"), root()),
        get("backup/a").comparing("data.nothing").saving(backup="data.backup"),
        post("restore/b", {"backup": "$backup"}),
        get("keys/b"),
        get("export/certificate-chain/b"),
    ),
]
