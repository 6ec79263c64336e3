import { Counter, Gauge, type Registry } from 'prom-client';
import type { AlertName } from '../core/command.ts';

const NAMES: Readonly<Record<AlertName, true>> = {
  longWait: true,
  longAnswer: true,
  longHold: true,
  longWrapUp: true,
  missedOffers: true,
};

/** An alert that is not over. */
export interface OpenAlert {
  readonly alert: AlertName;
  readonly seenBy?: string;
}

/** @returns what counts one that is raised. */
export function addAlertMetrics(registry: Registry, open: () => Iterable<OpenAlert>): (alert: AlertName) => void {
  const registers = [registry];
  const raised = new Counter({
    name: 'minhu_alerts_total',
    help: 'Alerts raised for the leads, by kind',
    labelNames: ['alert'],
    registers,
  });
  for (const alert of Object.keys(NAMES)) raised.inc({ alert }, 0);
  new Gauge({
    name: 'minhu_alerts_open',
    help: 'Alerts that are not over and that no lead has said to have seen, by kind',
    labelNames: ['alert'],
    registers,
    collect() {
      for (const alert of Object.keys(NAMES)) this.set({ alert }, 0);
      for (const { alert, seenBy } of open()) if (seenBy === undefined) this.inc({ alert });
    },
  });
  return (alert) => raised.inc({ alert });
}
