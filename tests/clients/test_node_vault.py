"""The unmodified Node.js client node-vault drives Sealgate. What it says is checked in node/transit.js."""

import os
import subprocess
from pathlib import Path

import servers

SCRIPT = Path(__file__).resolve().parent / "node" / "transit.js"


def run(installation, *steps, token: str = "") -> str:
    """Standard output of the steps, which must all succeed."""
    modules = servers.client_tools() / "node" / "node_modules"
    if not (modules / "node-vault").is_dir():
        raise servers.ServerFailed(f"{modules} lacks node-vault: make clients")
    environment = {"PATH": os.environ["PATH"], "HOME": str(installation.directory), "NODE_PATH": str(modules),
                   "VAULT_ADDR": installation.address, "VAULT_TOKEN": token}
    done = subprocess.run(["node", SCRIPT, *steps], env=environment, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, f"node-vault {steps}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def test_node_vault(installation):
    token = run(installation, "unseal")
    installation.unsealed(token)
    run(installation, "keys", "encrypt", "sign", "tokens", token=token)
