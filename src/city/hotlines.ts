import type { PlanStep, QueueSetting } from '../core/settings.ts';
import type { Hotline } from './city.ts';
import {
  DIGITS,
  NAME,
  PROMPT_ID,
  readChoice,
  readDurationMs,
  readFields,
  readList,
  readText,
  type TextRule,
} from './fields.ts';
import { type PlacedFlow, readPromptIds, sayNoPrompt } from './flows.ts';
import { callersFlow, groupPlan } from './hotline-flow.ts';
import type { Plans } from './plans.ts';
import { complain, type Field } from './yaml-file.ts';

export const HOTLINES_MAX = 200;

const TITLE: TextRule = {
  pattern: /^[^\p{Cc}]{1,60}$/u,
  looks: ['1 到 60 个字的文字', 'a text of 1 to 60 characters'],
};

export interface ReadHotlines {
  readonly hotlines: readonly Hotline[];
  /** One for each active hotline, with its number. */
  readonly placed: readonly PlacedFlow[];
  /** Number → flow. */
  readonly diverted: Readonly<Record<string, string>>;
  readonly plans: Readonly<Record<string, readonly PlanStep[]>>;
  /** The same plans when queues and times are otherwise, as a mode has them. */
  plansIn(change: HotlineChange): Readonly<Record<string, readonly PlanStep[]>>;
  /** Skills that some hotline asks for first. */
  readonly skills: ReadonlySet<string>;
  /** Number that inactive hotlines lead to, when they do. */
  readonly main: string;
  readonly mainField?: Field;
}

export const NO_HOTLINES: ReadHotlines = {
  hotlines: [],
  placed: [],
  diverted: {},
  plans: {},
  plansIn: () => ({}),
  skills: new Set(),
  main: '',
};

/** What all hotlines have in common. */
export interface HotlineHouse {
  /** Prompts after each greeting. */
  readonly notice: readonly string[];
  /** Prompts of a hotline that is closed. */
  readonly closed: readonly string[];
  /** How long only those with the skill are asked. */
  readonly withinMs: number;
}

/** What a mode changes for callers of merged hotlines. */
export interface HotlineChange {
  /** Queue → its plan. */
  readonly planOf: Readonly<Record<string, string>>;
  /** How long only those with the skill are asked, in the place of `within`. */
  readonly withinMs?: number;
  /** Skill → the same for its group alone. */
  readonly withinMsOf: ReadonlyMap<string, number>;
}

const AS_ALWAYS: HotlineChange = { planOf: {}, withinMsOf: new Map() };

/** Undefined: the file that holds them could not be read. */
export interface KnownToHotlines {
  readonly queues: Readonly<Record<string, QueueSetting>> | undefined;
  readonly prompts: Pick<ReadonlySet<string>, 'has'> | undefined;
  readonly sites: ReadonlySet<string>;
  readonly plans: Plans;
}

/** The hotlines that were merged into 12345: numbers with a greeting and a skill group of their own (domain guide S0-005). */
export function readHotlines(top: Field, known: KnownToHotlines): ReadHotlines {
  const fields = readFields(top, ['main', 'notice', 'closed', 'within', 'hotlines']);
  if (fields === undefined) return NO_HOTLINES;
  const house: HotlineHouse = {
    notice: knownPrompts(fields.notice, known),
    closed: knownPrompts(fields.closed, known),
    withinMs: readDurationMs(fields.within, 1_000, 600_000) ?? 0,
  };
  const read = readList(fields.hotlines, HOTLINES_MAX).flatMap((field) => readHotline(field, known));
  const active = read.filter(({ hotline }) => hotline.active);
  const placed = active.map(({ hotline, field, number }) => {
    const flow = callersFlow(hotline, house);
    const entry = { key: hotline.number, keyField: number, value: field };
    const places = new Map(Object.keys(flow.steps).map((step) => [step, entry]));
    return {
      name: flowName(hotline),
      flow,
      numbers: [{ number: hotline.number, field: number }],
      start: number,
      places,
    };
  });
  const plansIn = (change: HotlineChange) => groupPlans(active, known, house, change);
  return {
    hotlines: read.map(({ hotline }) => hotline),
    placed,
    diverted: Object.fromEntries(active.map(({ hotline }) => [hotline.number, flowName(hotline)])),
    plans: plansIn(AS_ALWAYS),
    plansIn,
    skills: new Set(active.flatMap(({ hotline }) => hotline.skill ?? [])),
    main: readText(fields.main, DIGITS) ?? '',
    mainField: fields.main,
  };
}

function groupPlans(
  active: readonly { readonly hotline: Hotline }[],
  { queues, plans }: KnownToHotlines,
  house: HotlineHouse,
  { planOf, withinMs = house.withinMs, withinMsOf }: HotlineChange,
): Readonly<Record<string, readonly PlanStep[]>> {
  return Object.fromEntries(
    active.flatMap(({ hotline }) => {
      // Of a queue that cannot be read the plan has its name all the same: that mistake is said elsewhere.
      const queue = queues && own(queues, hotline.queue);
      const rest = own(plans, own(planOf, hotline.queue) ?? queue?.plan ?? '');
      return groupPlan(hotline, queue?.skill ?? '', rest, withinMsOf.get(hotline.skill ?? '') ?? withinMs);
    }),
  );
}

/** A name that the city wrote may be one that every object has, such as `constructor`. */
function own<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** No file of the city's has such a name. */
export function flowName({ number }: Pick<Hotline, 'number'>): string {
  return `hotline:${number}`;
}

/** Checked here, once, instead of in the flow of every hotline. */
function knownPrompts(list: Field, { prompts }: KnownToHotlines): readonly string[] {
  for (const field of readList(list, HOTLINES_MAX)) {
    const id = readText(field, PROMPT_ID);
    if (id === undefined || prompts === undefined || prompts.has(id)) continue;
    sayNoPrompt(field, id);
  }
  return readPromptIds(list).filter((id) => prompts?.has(id) !== false);
}

function readHotline(
  field: Field,
  known: KnownToHotlines,
): readonly { hotline: Hotline; field: Field; number: Field }[] {
  const fields = readFields(
    field,
    ['number', 'name', 'owner', 'mergeMode', 'greeting', 'queue'],
    ['skill', 'site', 'messages', 'hours', 'active', 'inactive'],
  );
  if (fields === undefined) return [];
  const number = readText(fields.number, DIGITS);
  const name = readText(fields.name, TITLE);
  const owner = readText(fields.owner, TITLE);
  const mergeMode = readChoice(fields.mergeMode, ['whole', 'dual', 'subCentre']);
  const greeting = readPromptIds(fields.greeting);
  const queue = readText(fields.queue, NAME);
  const skill = fields.skill && readText(fields.skill, NAME);
  const site = fields.site && readChoice(fields.site, [...known.sites]);
  const messages = fields.messages && readText(fields.messages, NAME);
  const hours = fields.hours && readText(fields.hours, NAME);
  const active = fields.active ? readChoice(fields.active, ['true', 'false']) : 'true';
  const inactive = fields.inactive ? readChoice(fields.inactive, ['refuse', 'main']) : 'refuse';
  if (number === undefined || name === undefined || owner === undefined || mergeMode === undefined) return [];
  if (queue === undefined || active === undefined || inactive === undefined) return [];
  const group = { queue, ...(skill && { skill }), ...(site && { site }), ...(hours && { hours }) };
  const said = messages === undefined ? {} : { messages };
  const hotline = { number, name, owner, mergeMode, greeting, ...group, ...said, active: active === 'true', inactive };
  return [{ hotline, field, number: fields.number }];
}

/** Inactive, and answered by the city as its main number. */
export function isLedToMain({ active, inactive }: Pick<Hotline, 'active' | 'inactive'>): boolean {
  return !active && inactive === 'main';
}

/** Each of those has the main number's flow. */
export function leadToMain({ hotlines, main, mainField }: ReadHotlines, lines: Record<string, string>): void {
  const led = hotlines.filter(isLedToMain);
  const flow = lines[main];
  if (flow === undefined && mainField !== undefined) {
    complain(
      mainField,
      [`没有流程接听 main 的号码“${main}”。`, `No flow answers "${main}", the number of main.`],
      ['请写流程里有的号码，例如 main: "12345"。', 'Write a number that a flow answers, such as main: "12345".'],
    );
  }
  for (const { number } of led) if (flow !== undefined && lines[number] === undefined) lines[number] = flow;
}
