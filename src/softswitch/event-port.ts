import type { EventPort } from './board.ts';
import type { SwitchEvent } from './esl/event.ts';
import type { Pace } from './esl/pace.ts';
import type { EventSocket } from './esl/server.ts';
import { microseconds } from './event-headers.ts';

/** Numbers and stamps events and hands them to the event socket at the pace of the day. */
export function createEventPort(bootId: string, pace: Pace, socket: () => EventSocket | undefined): EventPort {
  let sequence = 0;
  const stamp = (name: string, subclass?: string): Array<readonly [string, string]> => {
    sequence += 1;
    const nowMs = Date.now();
    const date = new Date(nowMs);
    return [
      ...(subclass === undefined ? [] : [['Event-Subclass', subclass] as const]),
      ['Event-Name', name],
      ['Core-UUID', bootId],
      ['FreeSWITCH-Hostname', 'minhu'],
      ['FreeSWITCH-Switchname', 'minhu'],
      ['FreeSWITCH-IPv4', '127.0.0.1'],
      ['Event-Date-Local', date.toISOString().slice(0, 19).replace('T', ' ')],
      ['Event-Date-GMT', date.toUTCString()],
      ['Event-Date-Timestamp', microseconds(nowMs)],
      ['Event-Sequence', String(sequence)],
    ];
  };
  return {
    stamp,
    wants: (name, subclass) => socket()?.wants(name, subclass) ?? false,
    publish(name, headers, more) {
      const event: SwitchEvent = { name, headers: [...stamp(name, more.subclass), ...headers], ...more };
      pace.run(more.lane, () => socket()?.deliver(event));
    },
  };
}
