import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OpenSwitch, openSwitch } from '../engine/open-switch.ts';
import { PASSWORD } from '../options.ts';

/** The ecosystem's own client, as far as it is used here. */
interface Modesl {
  on(name: string, heard: (event: { getHeader(name: string): string; getBody(): string }) => void): void;
  subscribe(names: readonly string[], done?: () => void): void;
  api(command: string, done: (reply: { getBody(): string }) => void): void;
  bgapi(command: string, done: (reply: { getBody(): string }) => void): void;
  execute(app: string, data: string, leg: string, done: (event: { getHeader(name: string): string }) => void): void;
  disconnect(): void;
}

const { Connection } = createRequire(import.meta.url)('modesl') as {
  Connection: new (host: string, port: number, password: string, ready: () => void) => Modesl;
};

const LEG = '11111111-1111-4111-8111-111111111111';
let open: OpenSwitch;
let modesl: Modesl;

beforeEach(async () => {
  open = await openSwitch();
  await new Promise<void>((resolve) => {
    modesl = new Connection('127.0.0.1', open.eslPort, PASSWORD, resolve);
  });
});

afterEach(async () => {
  modesl.disconnect();
  await open.close();
});

test('a program written for modesl hears a call, answers it and asks for its facts', async () => {
  const parked = new Promise<string>((resolve) => {
    modesl.on('esl::event::CHANNEL_PARK::*', (event) => resolve(event.getHeader('Unique-ID')));
  });
  await new Promise<void>((resolve) => modesl.subscribe(['CHANNEL_PARK', 'CHANNEL_EXECUTE_COMPLETE'], resolve));
  open.script.caller(LEG);
  expect(await parked).toBe(LEG);
  const application = await new Promise<string>((resolve) => {
    modesl.execute('answer', '', LEG, (event) => resolve(event.getHeader('Application')));
  });
  expect(application).toBe('answer');
  const failed = await new Promise<string>((resolve) => {
    modesl.bgapi('originate user/1040@minhu &park()', (event) => resolve(event.getBody()));
  });
  expect(failed).toBe('-ERR SUBSCRIBER_ABSENT\n');
});

test('its api calls get the switch’s own words', async () => {
  const ask = (command: string): Promise<string> =>
    new Promise((resolve) => modesl.api(command, (reply) => resolve(reply.getBody())));
  expect(await ask(`uuid_exists ${LEG}`)).toBe('false');
  expect(await ask('status')).toMatch(/^UP 0 years/);
});
