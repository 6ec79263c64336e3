import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config.ts';

/** What is wrong with the certificate or its key. */
export interface TlsProblem {
  /** False when https can be served all the same, though browsers will warn. */
  readonly unusable: boolean;
  readonly zh: string;
  readonly en: string;
}

type Files = NonNullable<Config['tls']>;

/** @returns undefined when the pair can be used now, or none is set. Never throws. */
export function tlsProblem({ tls }: Pick<Config, 'tls'>, nowMs: number): TlsProblem | undefined {
  if (tls === undefined) return undefined;
  const certificate = readCertificate(tls);
  if (!(certificate instanceof X509Certificate)) return certificate;
  const key = readKey(tls);
  if ('unusable' in key) return key;
  if (!certificate.checkPrivateKey(key))
    return unusable(
      `${tls.keyFile} 不是 ${tls.certFile} 的私钥`,
      `${tls.keyFile} is not the key of ${tls.certFile}; its chain must follow the server's own certificate`,
    );
  try {
    createSecureContext({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) });
  } catch (error) {
    return unusable(
      `${tls.certFile} 不可用（${wordsOf(error)}）`,
      `${tls.certFile} cannot be used (${wordsOf(error)})`,
    );
  }
  return untimely(tls, certificate, nowMs);
}

function readCertificate({ certFile }: Files): X509Certificate | TlsProblem {
  try {
    return new X509Certificate(readFileSync(certFile));
  } catch (error) {
    return unusable(
      `证书 ${certFile} 读不出（${wordsOf(error)}）`,
      `no certificate in ${certFile} (${wordsOf(error)})`,
    );
  }
}

function readKey({ keyFile }: Files): KeyObject | TlsProblem {
  try {
    return createPrivateKey(readFileSync(keyFile));
  } catch (error) {
    return unusable(
      `私钥 ${keyFile} 读不出（${wordsOf(error)}）`,
      `no private key in ${keyFile}, or it has a passphrase (${wordsOf(error)})`,
    );
  }
}

function untimely({ certFile }: Files, { validFrom, validTo }: X509Certificate, nowMs: number): TlsProblem | undefined {
  const [from, to] = [validFrom, validTo].map((instant) => new Date(instant));
  if (to !== undefined && to.getTime() < nowMs) {
    const day = to.toISOString();
    return { unusable: false, zh: `证书 ${certFile} 已于 ${day} 过期`, en: `${certFile} expired at ${day}` };
  }
  if (from !== undefined && from.getTime() > nowMs) {
    const day = from.toISOString();
    return { unusable: false, zh: `证书 ${certFile} 到 ${day} 才生效`, en: `${certFile} is not valid before ${day}` };
  }
  return undefined;
}

function unusable(zh: string, en: string): TlsProblem {
  return { unusable: true, zh, en };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
