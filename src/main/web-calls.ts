import { createHmac } from 'node:crypto';
import type { ApiOptions } from '../api/options.ts';
import type { City } from '../city/load.ts';
import type { Config } from '../config.ts';
import { webCallCount } from '../core/view.ts';
import type { WebCallRules } from '../softswitch/directory.ts';
import type { Calls } from './core.ts';
import { fieldKeyOf } from './field-key.ts';
import type { Folders } from './folders.ts';

/** What the switch is told of calls from pages without a seat; undefined: there are none. */
export function webCallRules(
  { webCall: open }: Pick<Config, 'webCall'>,
  city: Pick<City, 'webCall'> | undefined,
  folders: Pick<Folders, 'fieldKeyFile'>,
): WebCallRules | undefined {
  if (open === 'off' || city?.webCall === undefined) return undefined;
  const { numbers, atOnce } = city.webCall;
  return { key: keyOf(folders), numbers, atOnce };
}

/** The same for the page, while there is one. FreeSWITCH knows nothing of tickets. */
export function webCallsOf(
  { config, folders, loop, tickets }: Calls,
  city: City | undefined,
): Pick<ApiOptions, 'webCall'> {
  const { webCall: open, eslNodes } = config;
  if (open === 'off' || eslNodes.length > 0 || city?.webCall === undefined) return {};
  const { numbers, perAddress, atOnce } = city.webCall;
  const count = (): number => webCallCount(loop.state);
  const drawn = tickets.note;
  return { webCall: { open, numbers, perAddress, atOnceMax: atOnce.all, key: keyOf(folders), count, drawn } };
}

/** Known to this data folder alone, and the same after a restart: a ticket outlives the core that drew it. */
function keyOf(folders: Pick<Folders, 'fieldKeyFile'>): string {
  return createHmac('sha256', fieldKeyOf(folders)).update('tickets of web calls').digest('base64url');
}
