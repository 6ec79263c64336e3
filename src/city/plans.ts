import { isMap, isScalar, isSeq } from 'yaml';
import type { AgentId } from '../core/ids.ts';
import type { Need, PlanStep } from '../core/settings.ts';
import {
  NAME,
  readChoice,
  readDurationMs,
  readEntries,
  readFields,
  readList,
  readText,
  readWhole,
  type TextRule,
  where,
} from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

export const PLANS_MAX = 50;
const STEPS_MAX = 10;
const NEEDS_MAX = 20;
/** Needs within needs. */
const NEED_DEPTH_MAX = 4;
const AGENTS_MAX = 100;
const WEIGHT_MAX = 100;
const AGE_MS_MAX = 3_600_000;

const SKILL_NEED: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,39}( [1-5])?$/,
  looks: [
    '技能与最低等级，例如 "personal 3"；任何座席写 anybody',
    'a skill and its least level, such as "personal 3", or anybody',
  ],
};

const ACCOUNT: TextRule = {
  pattern: /^[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/,
  looks: ['座席账号，例如 seat1001', 'the account of an agent, such as seat1001'],
};

export type Plans = Readonly<Record<string, readonly PlanStep[]>>;

/** plans.yaml. `sites` are those of sites.yaml. */
export function readPlans(top: Field, sites: ReadonlySet<string>): Plans {
  const fields = readFields(top, ['plans']);
  const entries = fields === undefined ? [] : readEntries(fields.plans, NAME, PLANS_MAX);
  return Object.fromEntries(entries.map(({ key, value }) => [key, readSteps(value, sites)]));
}

/** Every skill that some step asks for or prefers. */
export function skillsOf(plans: Plans): string[] {
  const named = (need: Need): string[] => {
    if ('skill' in need) return [need.skill];
    if ('not' in need) return named(need.not);
    return ('all' in need ? need.all : need.any).flatMap(named);
  };
  return Object.values(plans)
    .flat()
    .flatMap((step) => [...named(step.needs), ...(step.prefer ?? []).map(({ skill }) => skill)]);
}

function readSteps(field: Field, sites: ReadonlySet<string>): readonly PlanStep[] {
  const fields = readList(field, STEPS_MAX);
  const steps = fields.flatMap((step) => readStep(step, sites) ?? []);
  if (fields.length === 0 || steps.length < fields.length) {
    if (fields.length === 0) sayEndless(field);
    return steps;
  }
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    const before = leastUntilMs(steps[index - 1]);
    if (last !== (step.untilMs === null) || (last && isForFew(step))) sayEndless(fields[index]!);
    else if (step.untilMs !== null && step.untilMs < before) sayOrder(fields[index]!);
  }
  return steps;
}

/** Some day none of them is there. */
function isForFew({ lastAgent, agents }: PlanStep): boolean {
  return lastAgent === true || agents !== undefined;
}

/** A step that may be passed over leaves its time to the next one. */
function leastUntilMs(before: PlanStep | undefined): number {
  const untilMs = before?.untilMs ?? 0;
  return before?.skipIf === undefined && before?.lastAgent === undefined ? untilMs + 1 : untilMs;
}

function readStep(field: Field, sites: ReadonlySet<string>): PlanStep | undefined {
  const fields = readFields(
    field,
    ['needs'],
    ['until', 'lastAgent', 'sites', 'agents', 'prefer', 'headStart', 'skipIf'],
  );
  if (fields === undefined) return undefined;
  const needs = readNeed(fields.needs, 0);
  const untilMs = fields.until === undefined ? null : readDurationMs(fields.until, 1_000, AGE_MS_MAX);
  const headStartMs = fields.headStart && readDurationMs(fields.headStart, 1_000, AGE_MS_MAX);
  const skipIf = fields.skipIf && readSkip(fields.skipIf);
  const lastAgent = fields.lastAgent && readChoice(fields.lastAgent, ['true', 'false']) === 'true';
  if (needs === undefined || untilMs === undefined) return undefined;
  return {
    untilMs,
    needs,
    ...(lastAgent === true ? { lastAgent } : {}),
    ...(fields.sites ? { sites: readSites(fields.sites, sites) } : {}),
    ...(fields.agents ? { agents: readAgents(fields.agents) } : {}),
    ...(fields.prefer ? { prefer: readPrefer(fields.prefer) } : {}),
    ...(headStartMs === undefined ? {} : { headStartMs }),
    ...(skipIf === undefined ? {} : { skipIf }),
  };
}

function readSites(field: Field, sites: ReadonlySet<string>): readonly string[] {
  const named = readList(field, 100);
  if (isSeq(field.node) && named.length === 0) {
    complain(
      field,
      ['没有写一个平台，这一步谁也接不到。', 'It names no site: this step would reach nobody.'],
      ['请写平台，例如 [main]；所有平台都可接就不写 sites。', 'Name sites, such as [main]; leave sites out for all.'],
    );
  }
  return named.flatMap((site) => readSite(site, sites) ?? []);
}

/** Who they are is known to the accounts alone: whoever has no seat is never there. */
function readAgents(field: Field): readonly AgentId[] {
  const named = readList(field, AGENTS_MAX);
  if (isSeq(field.node) && named.length === 0) {
    complain(
      field,
      ['没有写一个座席，这一步谁也接不到。', 'It names no agent: this step would reach nobody.'],
      [
        '请写座席账号，例如 [seat1001]；所有座席都可接就不写 agents。',
        'Name accounts, such as [seat1001]; leave agents out for all.',
      ],
    );
  }
  return named.flatMap((agent) => readText(agent, ACCOUNT) ?? []) as AgentId[];
}

function readNeed(field: Field, depth: number): Need | undefined {
  if (depth >= NEED_DEPTH_MAX) {
    return complain(
      field,
      ['条件嵌套太深。', 'The needs are nested too deeply.'],
      ['请写得简单一些。', 'Write them more simply.'],
    );
  }
  if (!isMap(field.node)) {
    const text = readText(field, SKILL_NEED);
    if (text === 'anybody') return { all: [] };
    const [skill, level] = text?.split(' ') ?? [];
    return skill === undefined ? undefined : { skill, level: Number(level ?? 1) };
  }
  const fields = readFields(field, [], ['all', 'any', 'not']);
  if (fields !== undefined && Object.keys(fields).length > 1) return sayOneNeed(field);
  if (fields?.not !== undefined) {
    const not = readNeed(fields.not, depth + 1);
    return not && { not };
  }
  const parts = fields?.all ?? fields?.any;
  if (parts === undefined) return sayNoNeed(field);
  const needs = readList(parts, NEEDS_MAX).flatMap((part) => readNeed(part, depth + 1) ?? []);
  if (isSeq(parts.node) && parts.node.items.length === 0) return sayNoNeed(parts);
  return fields?.all === undefined ? { any: needs } : { all: needs };
}

function readSkip(field: Field): PlanStep['skipIf'] {
  const text = isScalar(field.node) ? String(field.node.value) : '';
  if (/^\d/.test(text)) return readDurationMs(field, 1_000, AGE_MS_MAX);
  return readChoice<'noneLoggedIn' | 'noneAvailable'>(field, ['noneLoggedIn', 'noneAvailable']);
}

function readPrefer(field: Field): NonNullable<PlanStep['prefer']> {
  return readEntries(field, NAME, NEEDS_MAX).flatMap(({ key, value }) => {
    const weight = readWhole(value, 1, WEIGHT_MAX);
    return weight === undefined ? [] : [{ skill: key, weight }];
  });
}

function readSite(field: Field, sites: ReadonlySet<string>): string | undefined {
  const site = readText(field, NAME);
  if (site === undefined || sites.has(site)) return site;
  return complain(
    field,
    [`没有站点“${site}”。`, `There is no site "${site}".`],
    [`可用的站点：${[...sites].join('、')}。`, `Use one of: ${[...sites].join(', ')}.`],
  );
}

function sayEndless(field: Field): void {
  complain(
    field,
    [
      `${where(field)[0]}：除最后一步外每步都要写 until，最后一步不写，也不能只限上次的座席或几位座席。`,
      `${where(field)[1]}: every step but the last says until; the last does not, and is not for the last agent or some agents alone.`,
    ],
    ['请改写步骤，使来电总有人可接。', 'Write the steps so that somebody may take the call in the end.'],
  );
}

function sayOrder(field: Field): void {
  complain(
    field,
    [
      'until 从进入队列算起，必须一步比一步大；只有可能跳过的步骤之后可与之相同。',
      'until counts from the start of the wait and must grow from step to step, but after one that may be passed over.',
    ],
    ['请改成更大的时长。', 'Write a longer duration.'],
  );
}

function sayOneNeed(field: Field): undefined {
  return complain(
    field,
    ['all、any、not 不能并列。', 'all, any and not cannot stand side by side.'],
    [
      '请套在一起写，例如 all: [personal 3, { not: trainee }]。',
      'Write one inside the other, such as all: [personal 3, { not: trainee }].',
    ],
  );
}

function sayNoNeed(field: Field): undefined {
  return complain(
    field,
    ['这里没有写需要什么。', 'This does not say what is needed.'],
    ['请写技能，或 all、any、not。', 'Write a skill, or all, any or not.'],
  );
}
