"""Life and properties of signing, RSA and HMAC keys; encryption with RSA."""

import base64

from materials import ASYMMETRIC, CURVES, RSA_BITS, backup
from scenario import GO_TEXT, delete, get, listing, post, put, scenario

HELLO = "aGVsbG8="
CONTEXT = "Y29udGV4dA=="
OAEP_ERROR = "one answer for every ciphertext that is not authentic, where the peer says what RSA said"
FORGOTTEN = "an item that failed makes the batch 400; the peer forgets that for this fault"
SIGNING = (*CURVES, "ed25519", "hmac")


def key(kind: str, name: str = "a", **more):
    return post(f"keys/{name}", {"type": kind, **({"key_size": 32} if kind == "hmac" else {}), **more})


def life(kind: str):
    return scenario(
        f"life of {kind}",
        key(kind, exportable=True, auto_rotate_period="24h"),
        get("keys/a"),
        key(kind),
        key("aes256-gcm96"),
        post("keys/a/rotate"),
        put("keys/a/rotate", {}),
        get("keys/a?context=Y29udGV4dA=="),
        get("keys/a?context=%25"),
        post("keys/a/config", {"min_decryption_version": 2, "min_encryption_version": 3}),
        post("keys/a/trim", {"min_available_version": 2}),
        post("keys/a/config", {"min_decryption_version": 1}),
        post("keys/a/config", {"deletion_allowed": True, "auto_rotate_period": 0}),
        delete("keys/a/soft-delete"),
        post("keys/a/rotate"),
        post("keys/a/soft-delete-restore"),
        listing("keys"),
        delete("keys/a"),
        get("keys/a"),
    )


def zeros(count: int) -> str:
    return base64.b64encode(bytes(count)).decode()


def encryption(kind: str):
    most = RSA_BITS[kind] // 8 - 2 * 32 - 2
    return scenario(
        f"encryption with {kind}",
        key(kind).comparing("data.type"),
        post("encrypt/a", {"plaintext": HELLO}).saving(ct="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$ct"}),
        post("encrypt/a", {"plaintext": ""}).saving(empty="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$empty"}),
        post("encrypt/a", {"plaintext": zeros(most)}).saving(long="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$long"}),
        post("encrypt/a", {"plaintext": zeros(most + 1)}).unlike(GO_TEXT),
        post("encrypt/a", {"plaintext": "%"}).unlike(GO_TEXT),
        post("encrypt/a", {}),
        post("encrypt/a", {"plaintext": HELLO, "context": CONTEXT}),
        post("encrypt/a", {"plaintext": HELLO, "context": "%"}).unlike(GO_TEXT),
        post("encrypt/a", {"plaintext": HELLO, "associated_data": "YWFk"}),
        post("encrypt/a", {"plaintext": HELLO, "associated_data": "%"}),
        post("encrypt/a", {"plaintext": HELLO, "associated_data": ""}),
        post("decrypt/a", {"ciphertext": "$ct", "associated_data": "YWFk"}),
        post("decrypt/a", {"ciphertext": "$ct", "context": CONTEXT}),
        post("encrypt/a", {"batch_input": [{"plaintext": HELLO, "reference": "r"}, {"plaintext": zeros(most + 1)}]}
             ).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": [{"plaintext": HELLO, "reference": "r"}, {"plaintext": ""}]}
             ).saving(b="data.batch_results.0.ciphertext"),
        post("decrypt/a", {"batch_input": [{"ciphertext": "$b"}, {"ciphertext": "$empty", "reference": "e"}]}),
        post("decrypt/a", {"batch_input": [{"ciphertext": "$b"}, {"ciphertext": "vault:v1:AAAA"}]}
             ).unlike(OAEP_ERROR),
        post("encrypt/a", {"batch_input": [{"plaintext": HELLO, "associated_data": "YWFk"}, {"plaintext": HELLO}]}
             ).answering(400, FORGOTTEN),
        post("decrypt/a", {"batch_input": [{"ciphertext": "$b", "associated_data": "YWFk"}, {"ciphertext": "$b"}]}
             ).answering(400, FORGOTTEN),
        post("keys/a/rotate").comparing("data.latest_version"),
        post("rewrap/a", {"ciphertext": "$ct"}).saving(new="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$new"}),
        post("rewrap/a", {"ciphertext": "$ct", "key_version": 1}),
        post("rewrap/a", {"ciphertext": "$ct", "context": CONTEXT}),
        post("rewrap/a", {"batch_input": [{"ciphertext": "$ct"}, {"ciphertext": "$new", "key_version": 1}]}),
        post("encrypt/a", {"plaintext": HELLO, "key_version": 1}),
        post("encrypt/a", {"plaintext": HELLO, "key_version": 3}),
        post("keys/a/config", {"min_encryption_version": 2}).comparing("data.min_encryption_version"),
        post("encrypt/a", {"plaintext": HELLO, "key_version": 1}),
        post("keys/a/config", {"min_decryption_version": 2}).comparing("data.min_decryption_version"),
        post("decrypt/a", {"ciphertext": "$ct"}),
        delete("keys/a/soft-delete").comparing("data.soft_deleted"),
        post("encrypt/a", {"plaintext": HELLO}),
        post("decrypt/a", {"ciphertext": "$new"}),
    )


SCENARIOS = [
    *[life(kind) for kind in (*ASYMMETRIC, "hmac")],
    *[encryption(kind) for kind in RSA_BITS],
    scenario(
        "what is no ciphertext of RSA",
        key("rsa-2048").comparing("data.type"),
        key("rsa-2048", "b").comparing("data.type"),
        post("encrypt/b", {"plaintext": HELLO}).saving(other="data.ciphertext"),
        *[post("decrypt/a", {"ciphertext": text}).unlike(OAEP_ERROR)
          for text in ("vault:v1:", "vault:v1:AAAA", "vault:v0:AAAA", f"vault:v1:{zeros(256)}",
                       f"vault:v1:{zeros(255)}", f"vault:v1:{zeros(257)}", "$other",
                       "vault:v1:" + base64.b64encode(b"\xff" * 256).decode())],
        *[post("decrypt/a", {"ciphertext": text}) for text in ("vault:v1:%", "vault:v2:AAAA", "nonsense", "")],
        post("rewrap/a", {"ciphertext": "$other"}).unlike(OAEP_ERROR),
    ),
    scenario(
        "keys which do not encrypt",
        *[step for kind in SIGNING for step in (
            key(kind, kind).comparing("data.type"),
            post(f"encrypt/{kind}", {"plaintext": HELLO}),
            post(f"encrypt/{kind}", {"plaintext": "%"}).unlike(GO_TEXT),
            post(f"encrypt/{kind}", {"plaintext": HELLO, "associated_data": "YWFk"}),
            post(f"encrypt/{kind}", {"plaintext": HELLO, "key_version": 7}),
            post(f"encrypt/{kind}", {"batch_input": [{"plaintext": HELLO}, {"plaintext": HELLO}]}),
            post(f"decrypt/{kind}", {"ciphertext": "vault:v1:AAAA"}),
            post(f"decrypt/{kind}", {"ciphertext": "nonsense"}),
            post(f"decrypt/{kind}", {"ciphertext": "vault:v1:AAAA", "associated_data": "YWFk"}),
            post(f"decrypt/{kind}", {"batch_input": [{"ciphertext": "vault:v1:AAAA"}]}),
            post(f"rewrap/{kind}", {"ciphertext": "vault:v1:AAAA"}),
            post(f"rewrap/{kind}", {"batch_input": [{"ciphertext": "vault:v1:AAAA"}]}),
        )],
    ),
    scenario(
        "derived and convergent keys of every type",
        *[step for kind in (*ASYMMETRIC, "hmac") for step in (
            key(kind, f"{kind}-d", derived=True),
            get(f"keys/{kind}-d"),
            key(kind, f"{kind}-c", derived=True, convergent_encryption=True),
            key(kind, f"{kind}-x", convergent_encryption=True),
            get(f"keys/{kind}-c"),
        )],
        listing("keys"),
    ),
    scenario(
        "encrypt creates RSA and other keys",
        *[post(f"encrypt/{kind}", {"plaintext": HELLO, "type": kind}).saving(ct="data.ciphertext")
          for kind in ("rsa-2048", "rsa-3072", "ed25519", "hmac", *CURVES)],
        post("encrypt/rsa-d", {"plaintext": HELLO, "type": "rsa-2048", "context": CONTEXT}),
        post("encrypt/ed-d", {"plaintext": HELLO, "type": "ed25519", "context": CONTEXT}),
        listing("keys"),
    ),
    scenario(
        "external keys",
        post("keys/a", {"type": "external-key"}),
        post("keys/a", {"type": "ecdsa-p256", "external_key_ref": "a:b"}),
        post("keys/a", {"type": "rsa-2048", "key_size": 2048}),
        *[post("keys/a", {"type": kind}) for kind in ("rsa", "rsa-1024", "RSA-2048", "ecdsa", "ecdsa-p224", "Ed25519")],
    ),
    scenario(
        "backups of asymmetric keys",
        *[step for kind in (*ASYMMETRIC, "hmac") for step in (
            key(kind, kind, exportable=True, allow_plaintext_backup=True).comparing("data.type"),
            get(f"backup/{kind}").comparing("data.nothing").saving(backup="data.backup"),
            get(f"keys/{kind}").comparing("data.backup_info.version"),
            post(f"restore/{kind}", {"backup": "$backup"}),
            post(f"restore/{kind}", {"backup": "$backup", "force": True}),
            post(f"restore/{kind}-2", {"backup": "$backup"}),
            get(f"keys/{kind}-2"),
        )],
        key("ed25519", "not").comparing("data.type"),
        get("backup/not"),
    ),
    scenario(
        "keys restored from a known backup",
        *[step for kind in (*ASYMMETRIC, "hmac") for step in (
            post(f"restore/{kind}", {"backup": backup("x", kind, 2)}),
            get(f"keys/{kind}"),
            post(f"keys/{kind}/rotate").comparing("data.latest_version"),
        )],
    ),
]
