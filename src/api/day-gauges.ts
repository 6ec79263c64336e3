import { Gauge, type Registry } from 'prom-client';
import type { Counts } from '../lib/measure-counts.ts';
import { MEASURES, type MeasureDefinition, type MeasureName } from '../lib/measures.ts';
import type { DayFigures } from '../store/day-figures.ts';

/** Shares of the last 24 hours, 0..1. A share of nothing has no sample, and nothing has one while the database is away. */
export function addDayGauges(registry: Registry, day: () => Promise<DayFigures>): void {
  const registers = [registry];
  const ask = () => day().catch(() => undefined);
  const cityShare = (name: string, help: string, measure: MeasureName): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const figures = await ask();
        const value = figures && shareOf(measure, figures.city);
        this.remove();
        if (value !== undefined) this.set(value);
      },
    });
  };
  cityShare('minhu_connect_24h_ratio', 'Connect rate of the last 24 hours', 'connectRate');
  cityShare('minhu_answered_within_15s_24h_ratio', 'Answered within 15 s of those answered', 'answeredWithin15Rate');
  cityShare('minhu_service_level_15s_24h_ratio', 'Answered within 15 s of those queued', 'serviceLevel15');
  new Gauge({
    name: 'minhu_site_connect_24h_ratio',
    help: 'Connect rate of the last 24 hours, by site',
    labelNames: ['site'],
    registers,
    async collect() {
      const figures = await ask();
      this.reset();
      for (const [site, counts] of figures?.sites ?? []) {
        const value = shareOf('connectRate', counts);
        if (value !== undefined) this.set({ site }, value);
      }
    },
  });
  new Gauge({
    name: 'minhu_connect_alarms_open',
    help: 'Alarms about the connect rate that nobody has acknowledged',
    labelNames: ['scope'],
    registers,
    async collect() {
      const figures = await ask();
      this.reset();
      for (const [scope, count] of Object.entries(figures?.openAlarms ?? {})) this.set({ scope }, count);
    },
  });
}

function shareOf(name: MeasureName, counts: Counts): number | undefined {
  const [numerator, denominator] = (MEASURES[name] as MeasureDefinition).of(counts);
  return denominator > 0 ? numerator / denominator : undefined;
}
