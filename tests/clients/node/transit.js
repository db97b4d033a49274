// Drives a server (VAULT_ADDR, VAULT_TOKEN) with node-vault and checks what it says.
'use strict';

const assert = require('node:assert/strict');

const client = require('node-vault');

const SECRET = Buffer.from('what the application protects').toString('base64');

// node-vault rejects with the first sentence of `errors`.
async function refused(promise, status, sentence) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.response.statusCode, status);
    assert.match(error.message, sentence);
    return true;
  });
}

async function unseal(vault) {
  assert.equal((await vault.initialized()).initialized, false);
  const made = await vault.init({ secret_shares: 5, secret_threshold: 3 });
  assert.equal(made.keys.length, 5);
  for (const key of made.keys.slice(1, 4)) {
    await vault.unseal({ key });
  }
  assert.equal((await vault.status()).sealed, false);
  vault.token = made.root_token;
  console.log(made.root_token);
}

async function keys(vault) {
  await vault.transitCreateKey({ name: 'app' });
  await vault.write('transit/keys/papers', { type: 'ecdsa-p384' });
  assert.deepEqual((await vault.transitListKeys()).data.keys, ['app', 'papers']);
  assert.deepEqual((await vault.list('transit/keys')).data.keys, ['app', 'papers']);
  const { data } = await vault.transitReadKey({ name: 'app' });
  assert.deepEqual([data.type, data.latest_version], ['aes256-gcm96', 1]);
  assert.match((await vault.read('transit/keys/papers')).data.keys['1'].public_key, /^-----BEGIN PUBLIC KEY-----/);

  await refused(vault.transitDeleteKey({ name: 'app' }), 400, /deletion is not allowed/);
  await vault.write('transit/keys/old', {});
  await vault.write('transit/keys/old/config', { deletion_allowed: true });
  await vault.transitDeleteKey({ name: 'old' });
  await refused(vault.read('transit/keys/old'), 404, /./);
}

async function encrypt(vault) {
  const first = (await vault.encryptData({ name: 'app', plaintext: SECRET })).data.ciphertext;
  assert.match(first, /^vault:v1:/);
  await vault.write('transit/keys/app/rotate', {});
  const second = (await vault.rewrapData({ name: 'app', ciphertext: first })).data.ciphertext;
  assert.match(second, /^vault:v2:/);
  for (const ciphertext of [first, second]) {
    assert.equal((await vault.decryptData({ name: 'app', ciphertext })).data.plaintext, SECRET);
  }
  await refused(vault.decryptData({ name: 'app', ciphertext: 'nonsense' }), 400, /no prefix/);

  const batch = (await vault.write('transit/encrypt/app', {
    batch_input: [{ plaintext: SECRET, reference: 'a' }, { plaintext: '' }],
  })).data.batch_results;
  assert.equal(batch[0].reference, 'a');
  const back = (await vault.write('transit/decrypt/app', {
    batch_input: batch.map(({ ciphertext }) => ({ ciphertext })),
  })).data.batch_results;
  assert.deepEqual(back.map(({ plaintext }) => plaintext), [SECRET, '']);
}

async function sign(vault) {
  const made = (await vault.write('transit/sign/papers/sha2-384', { input: SECRET })).data.signature;
  assert.match(made, /^vault:v1:/);
  await vault.write('transit/keys/papers/rotate', {});
  const newer = (await vault.write('transit/sign/papers/sha2-384', { input: SECRET })).data.signature;
  assert.match(newer, /^vault:v2:/);
  const valid = async (input, signature) => (
    await vault.write('transit/verify/papers/sha2-384', { input, signature })
  ).data.valid;
  assert.equal(await valid(SECRET, made), true);
  assert.equal(await valid(SECRET, newer), true);
  assert.equal(await valid(SECRET, made.replace('v1', 'v2')), false);
  assert.equal(await valid(Buffer.from('another').toString('base64'), newer), false);

  const { hmac } = (await vault.write('transit/hmac/app', { input: SECRET })).data;
  assert.equal((await vault.write('transit/verify/app', { input: SECRET, hmac })).data.valid, true);
}

async function tokens(vault) {
  assert.deepEqual((await vault.tokenLookupSelf()).data.policies, ['root']);
  vault.token = 'nonsense';
  await refused(vault.read('transit/keys/app'), 403, /permission denied/);
}

const steps = { unseal, keys, encrypt, sign, tokens };

async function main() {
  const vault = client();
  for (const step of process.argv.slice(2)) {
    await steps[step](vault);
  }
}

main().catch((error) => {
  console.error(error, error.response ?? '');
  process.exitCode = 1;
});
