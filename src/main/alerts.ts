import type { Logger } from 'pino';
import type { AlertName } from '../core/command.ts';
import type { Loop } from '../runtime/loop.ts';

/** Every alert stands in the log and is counted once it is written down, whether a lead looks at the board or not, the database there or not. */
export function followAlerts(
  loop: Pick<Loop, 'subscribe'>,
  logger: Pick<Logger, 'warn'>,
  count: (alert: AlertName) => void,
): void {
  loop.subscribe((entries) => {
    for (const command of entries.flatMap(({ commands }) => commands)) {
      if (command.do !== 'record-fact' || command.fact !== 'alertRaised') continue;
      const { alert, contact, agent, sinceMs } = command;
      logger.warn({ alert, contact, agent, sinceMs }, 'an alert was raised for the leads');
      count(alert);
    }
  });
}
