// Made afresh for each run: a key pair, and for each of a number of people a token for us (EdDSA) and one for the peers (HS256).
import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';

const PEOPLE = 50;
const secret = randomBytes(32).toString('hex');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const now = Math.floor(Date.now() / 1000);

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (header, claims, signer) => {
  const text = `${encode({ typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${text}.${signer(Buffer.from(text)).toString('base64url')}`;
};
const people = Array.from({ length: PEOPLE }, (_, n) => ({
  iss: 'quantapilot',
  aud: 'quantapilot',
  sub: randomUUID(),
  sid: randomUUID(),
  role: 'operator',
  email: `person-${n}@example.org`,
  iat: now,
  exp: now + 6 * 3600,
}));
const { kty, crv, x } = publicKey.export({ format: 'jwk' });

process.stdout.write(
  JSON.stringify({
    secret,
    jwks: { keys: [{ kty, crv, x, alg: 'EdDSA', use: 'sig', kid: 'bench' }] },
    eddsa: people.map((claims) => token({ alg: 'EdDSA', kid: 'bench' }, claims, (text) => sign(null, text, privateKey))),
    hs256: people.map((claims) =>
      token({ alg: 'HS256' }, claims, (text) => createHmac('sha256', secret).update(text).digest()),
    ),
  }),
);
