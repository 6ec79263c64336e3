import type { SiteSetting } from '../core/settings.ts';
import { type Entry, NAME, readChoice, readEntries, readFields, readText, readWhole, type TextRule } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

export const SITES_MAX = 100;
const CAPACITY_MAX = 20_000;
const SITE_NAME: TextRule = {
  pattern: /^.{1,60}$/u,
  looks: ['站点名称，最多 60 个字', 'a name of at most 60 characters'],
};

/** sites.yaml (domain guide S0-006). */
export function readSites(top: Field): readonly SiteSetting[] {
  const fields = readFields(top, ['sites']);
  const entries = fields === undefined ? [] : readEntries(fields.sites, NAME, SITES_MAX);
  const mains: string[] = [];
  return entries.flatMap((entry) => {
    const site = readSite(entry);
    if (site === undefined) return [];
    if (site.kind === 'main') mains.push(site.id);
    if (site.kind === 'main' && mains.length > 1) saySecondMain(entry.keyField, mains[0]!);
    return [site];
  });
}

/** Domain guide S0-006: one main platform. */
function saySecondMain(field: Field, main: string): void {
  complain(
    field,
    [`主平台只有一个，已是“${main}”。`, `There is one main platform: "${main}" is it already.`],
    ['请把这里的 kind 改为 subPlatform 或 subCentre。', 'Write subPlatform or subCentre as the kind of this one.'],
  );
}

function readSite({ key: id, value }: Entry): SiteSetting | undefined {
  const fields = readFields(value, ['name', 'kind'], ['capacity']);
  if (fields === undefined) return undefined;
  const name = readText(fields.name, SITE_NAME);
  const kind = readChoice(fields.kind, ['main', 'subPlatform', 'subCentre']);
  const capacity = fields.capacity && readWhole(fields.capacity, 1, CAPACITY_MAX);
  if (name === undefined || kind === undefined) return undefined;
  return { id, name, kind, ...(capacity === undefined ? {} : { capacity }) };
}
