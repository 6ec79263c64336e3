import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directorySecretOf } from '../../src/main/directory-secret.ts';
import { foldersOf } from '../../src/main/folders.ts';
import { sipAddressIn } from '../../src/main/free-switch-node.ts';

let dataFolder: string;
const withFreeSwitch = { eslNodes: [{ host: '127.0.0.1', port: 8021 }] };

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'minhu-free-switch-'));
  mkdirSync(join(dataFolder, 'switch'));
});

afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

test.each([
  ['<url>sip:mod_sofia@192.0.2.1:5060</url>', '192.0.2.1:5060'],
  ['<url>sip:mod_sofia@[2001:db8::1]:5060</url>', '[2001:db8::1]:5060'],
  ['<url>sip:mod_sofia@192.0.2.1:5061;transport=tls</url>', '192.0.2.1:5061'],
  ['<url>sip:192.0.2.1:5060</url>', '192.0.2.1:5060'],
  ['Invalid Profile!', undefined],
  ['', undefined],
])('the SIP address in %j is %j', (xml, address) => {
  expect(sipAddressIn(`<profile><profile-info>${xml}</profile-info></profile>`)).toBe(address);
});

test("the directory's secret is drawn once, for the owner only, and only with FreeSWITCH", () => {
  const folders = foldersOf({ dataFolder });
  expect(directorySecretOf({ eslNodes: [] }, folders)).toBeUndefined();
  const secret = directorySecretOf(withFreeSwitch, folders);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(directorySecretOf(withFreeSwitch, folders)).toBe(secret);
  expect(readFileSync(folders.directorySecretFile, 'utf8')).toBe(secret);
  expect(statSync(folders.directorySecretFile).mode & 0o777).toBe(0o600);
});

test('a secret of the operator is taken, one that is too short is refused with the way out', () => {
  const folders = foldersOf({ dataFolder });
  writeFileSync(folders.directorySecretFile, 'brought-by-the-operator\n');
  expect(directorySecretOf(withFreeSwitch, folders)).toBe('brought-by-the-operator');
  writeFileSync(folders.directorySecretFile, 'short\n');
  expect(() => directorySecretOf(withFreeSwitch, folders)).toThrow('delete the file');
});
