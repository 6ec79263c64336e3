import { randomBytes } from 'node:crypto';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { pino } from 'pino';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { openStore } from '../../src/store/store.ts';
import { placeDatabase, TEMPLATE_ENV } from './template.ts';

const silent = pino({ level: 'silent' });

/** Where vitest's own process tells the address of the server that the tests of a run share. */
const askedAt = (folder: string): string => join(folder, 'server');

/** Starts one PostgreSQL for all who do not end it, when the first of them asks. @returns what ends it. */
export async function lendServer(folder: string): Promise<() => Promise<void>> {
  let engine: Promise<Engine> | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    engine ??= openShared(join(folder, 'shared'));
    engine.then(
      ({ url }) => socket.end(url),
      (error: Error) => socket.end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(askedAt(folder), resolve));
  return async () => {
    server.close();
    await (await engine?.catch(() => undefined))?.stop();
  };
}

async function openShared(dataFolder: string): Promise<Engine> {
  await placeDatabase(dataFolder);
  const engine = await openEngine({ dataFolder, logger: silent });
  await (await openStore(engine.url, silent)).close();
  return engine;
}

/** A database with the program's tables and nothing in it, by a copy; it goes with the server. @returns its URL. */
export async function borrowDatabase(): Promise<string> {
  const folder = process.env[TEMPLATE_ENV];
  if (folder === undefined) throw new Error(`${TEMPLATE_ENV} is not set: this runs within vitest`);
  const told = await text(createConnection(askedAt(folder)));
  if (!URL.canParse(told)) throw new Error(told);
  const original = new URL(told).pathname.slice(1);
  const name = `copy_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: urlOf(told, 'postgres') });
  await client.connect();
  await client.query(`create database ${name} template ${original}`).finally(() => client.end());
  return urlOf(told, name);
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
