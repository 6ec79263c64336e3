import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';

/** `NAME.cert` and `NAME.key`, signed by nobody but itself, of 127.0.0.1 and valid for ten days. */
export function makePair(folder: string, name: string): void {
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '10'],
    ...['-subj', '/CN=hotline', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.cert`)],
  ]);
  expect(made.status, String(made.stderr)).toBe(0);
}
