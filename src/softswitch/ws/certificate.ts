import { readFileSync, watch } from 'node:fs';
import type { Server } from 'node:https';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Both files are written one after the other. */
const SETTLED_MS = 500;

/**
 * The switch outlives many a certificate: whenever the files are renewed, new connections get the new one. A pair that cannot be used leaves
 * the old one in force. Returns what ends the watch.
 */
export function followCertificate(server: Server, files: CertificateFiles, log: Logger): () => void {
  let settled: NodeJS.Timeout | undefined;
  let served = readPair(files);
  const look = (): void => {
    try {
      const pair = readPair(files);
      if (pair.cert === served.cert && pair.key === served.key) return;
      createSecureContext(pair);
      server.setSecureContext(pair);
      served = pair;
      log.info({ certFile: files.certFile }, 'renewed certificate in force');
    } catch (error) {
      log.error({ error: (error as Error).message }, 'renewed certificate not used; the former stays in force');
    }
  };
  const changed = (): void => {
    clearTimeout(settled);
    settled = setTimeout(look, SETTLED_MS);
    settled.unref();
  };
  const folders = new Set([dirname(files.certFile), dirname(files.keyFile)]);
  const watchers = [...folders].map((folder) => watch(folder, { persistent: false }, changed));
  return () => {
    clearTimeout(settled);
    for (const watcher of watchers) watcher.close();
  };
}

export function readPair({ certFile, keyFile }: CertificateFiles): { readonly cert: string; readonly key: string } {
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
