import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config.ts';

/** Why the certificate and its key cannot be used, or undefined when they can or none is set. */
export function tlsProblem({ tls }: Pick<Config, 'tls'>): string | undefined {
  if (tls === undefined) return undefined;
  try {
    createSecureContext({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
