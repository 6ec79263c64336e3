import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { SwitchOptions } from '../../../src/softswitch/options.ts';
import { type Layers, startSwitch } from '../../../src/softswitch/start-switch.ts';
import { createSwitchFolder, type Folder, PASSWORD } from '../options.ts';
import { EventSocketClient } from './event-socket-client.ts';
import { createScript, type Script } from './scripted-layers.ts';

export interface OpenSwitch {
  readonly folder: Folder;
  readonly script: Script;
  readonly client: EventSocketClient;
  readonly eslPort: number;
  execute(leg: string, name: string, data?: string, id?: string): Promise<string>;
  close(): Promise<void>;
}

/** A switch in this process on scripted layers, and a client that hears everything. */
export async function openSwitch(
  change: Partial<SwitchOptions> = {},
  realLayers: Partial<Layers> = {},
): Promise<OpenSwitch> {
  const folder = createSwitchFolder(change);
  const script = createScript();
  const running = await startSwitch(folder.options, { ...script.layers, ...realLayers }, pino({ level: 'silent' }));
  const status = JSON.parse(readFileSync(folder.options.statusFile, 'utf8')) as { sip: string; esl: string };
  script.sipPort = Number(status.sip.split(':')[1]);
  const eslPort = Number(status.esl.split(':')[1]);
  const client = new EventSocketClient(eslPort);
  await client.ask(`auth ${PASSWORD}`);
  await client.ask('event plain ALL');
  return {
    ...{ folder, script, client, eslPort },
    execute: (leg, name, data = '', id = `id-${name}`) =>
      client.ask(
        `sendmsg ${leg}`,
        ...['call-command: execute', `execute-app-name: ${name}`, `execute-app-arg: ${data}`, `Event-UUID: ${id}`],
      ),
    async close() {
      client.close();
      await running.stop();
      script.close();
      folder.remove();
    },
  };
}
