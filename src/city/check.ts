import type { Flow, FlowStep } from '../core/settings.ts';
import type { Words } from './city.ts';

/** Greeting, notice and menu together may last this long, ms (domain guide §3.9). */
export const LEAD_IN_MS_MAX = 12_000;
export const STEPS_MAX = 200;

/** What a flow may refer to. `prompts` maps an id to its spoken length, ms. */
export interface Known {
  readonly queues: ReadonlySet<string>;
  /** Names of the calendars. */
  readonly hours: ReadonlySet<string>;
  readonly plans: ReadonlySet<string>;
  /** Names of what is said to those who wait. */
  readonly messages: ReadonlySet<string>;
  readonly prompts: ReadonlyMap<string, number>;
}

export type FlowProblemKind =
  | 'noTarget'
  | 'noQueue'
  | 'noHours'
  | 'noPerson'
  | 'noPlan'
  | 'noMessages'
  | 'noPrompt'
  | 'badKey'
  | 'noKey'
  | 'loop'
  | 'unreachable'
  | 'tooLong'
  | 'tooManySteps'
  | 'turnedAway'
  | 'silentEnd';

/** `step` is where to look; empty when the flow as a whole is meant. */
export interface FlowProblem {
  readonly kind: FlowProblemKind;
  readonly step: string;
  /** The name or key within the step that is wrong, when it is one. */
  readonly about?: string;
  readonly message: Words;
  readonly fix: Words;
}

/**
 * Proves that a flow lets no caller down: every target exists, no step can come again, and so every path ends at a queue or an end after at
 * most as many steps as there are. Whoever calls while it is closed can reach a person all the same: 12345 answers always. What the caller
 * hears before a first key is wanted is short enough. Who presses nothing reaches a person where anybody does. An empty answer is the proof.
 *
 * Cost: linear in steps and arrows; depth at most `STEPS_MAX`.
 */
export function checkFlow(flow: Flow, known: Known): readonly FlowProblem[] {
  const names = Object.keys(flow.steps);
  if (names.length > STEPS_MAX) return [tooManySteps()];
  const problems = names.flatMap((name) => checkStep(name, flow, known));
  const { direct, warned, limited } = flow.known ?? {};
  const starts = [flow.start, direct?.step, warned, limited].filter((name) => name !== undefined);
  const missing = starts.filter((name) => !Object.hasOwn(flow.steps, name));
  if (missing.length > 0) return [...problems, ...missing.map((name) => noTarget('', name, names))];
  const walk = walkFlow(flow, starts);
  problems.push(...[...walk.loops].map((step) => loop(step)));
  problems.push(...names.filter((name) => !walk.reached.has(name)).map((name) => unreachable(name)));
  problems.push(...names.filter((name) => isShut(flow, name)).map((name) => noPerson(name)));
  problems.push(
    ...[direct?.step, limited].flatMap((name) =>
      name !== undefined && endsWithoutPerson(flow, name) ? [turnedAway(name)] : [],
    ),
  );
  if (problems.every(({ kind }) => kind !== 'noPerson')) problems.push(...silentEnds(flow, warned).map(silentEnd));
  const long = walk.loops.size === 0 ? leadIn(flow, known) : undefined;
  if (long !== undefined && long.lengthMs > LEAD_IN_MS_MAX) problems.push(tooLong(long.step, long.lengthMs));
  return problems;
}

/** Steps that may follow, in no order. */
export function targetsOf(step: FlowStep): readonly string[] {
  switch (step.kind) {
    case 'say':
      return [step.then];
    case 'ask':
      return [...Object.values(step.choose), step.none, step.wrong];
    case 'hours':
      return [step.open, step.closed];
    case 'queue':
    case 'end':
      return [];
  }
}

function checkStep(name: string, flow: Flow, known: Known): readonly FlowProblem[] {
  const step = flow.steps[name]!;
  const problems: FlowProblem[] = [];
  for (const target of new Set(targetsOf(step))) {
    if (!Object.hasOwn(flow.steps, target)) problems.push(noTarget(name, target, Object.keys(flow.steps)));
  }
  const prompts = [...heardAt(step), ...(step.kind === 'ask' ? step.wrongPrompts : [])];
  for (const prompt of new Set(prompts)) {
    if (!known.prompts.has(prompt)) problems.push(noPrompt(name, prompt));
  }
  if (step.kind === 'queue' && !known.queues.has(step.queue)) problems.push(noQueue(name, step.queue, known));
  if (step.kind === 'hours' && !known.hours.has(step.hours)) problems.push(noHours(name, step.hours, known));
  if (step.kind === 'queue' && step.plan !== undefined && !known.plans.has(step.plan))
    problems.push(noPlan(name, step.plan, known));
  if (step.kind === 'queue' && step.messages !== undefined && !known.messages.has(step.messages))
    problems.push(noMessages(name, step.messages, known));
  if (step.kind === 'ask') {
    if (Object.keys(step.choose).length === 0) problems.push(noKey(name));
    for (const key of Object.keys(step.choose)) if (!/^[0-9*#]$/.test(key)) problems.push(badKey(name, key));
  }
  return problems;
}

/** Depth first: an arrow to a step that is still being walked closes a loop. */
function walkFlow(
  flow: Flow,
  starts: readonly string[],
  targets = targetsOf,
): { readonly reached: ReadonlySet<string>; readonly loops: ReadonlySet<string> } {
  const reached = new Set<string>();
  const open = new Set<string>();
  const loops = new Set<string>();
  const visit = (name: string): void => {
    if (open.has(name)) loops.add(name);
    if (reached.has(name) || !Object.hasOwn(flow.steps, name)) return;
    reached.add(name);
    open.add(name);
    for (const target of targets(flow.steps[name]!)) if (!isAskedAgain(flow, name, target)) visit(target);
    open.delete(name);
  };
  for (const start of starts) visit(start);
  return { reached, loops };
}

/** F3: a key that asks the same once more does so a few times only. */
function isAskedAgain(flow: Flow, name: string, target: string): boolean {
  const step = flow.steps[name];
  return step?.kind === 'ask' && target === name && step.none !== name && step.wrong !== name;
}

/** The prompts that a step plays before it wants anything. */
function heardAt(step: FlowStep): readonly string[] {
  if (step.kind === 'hours') return [];
  return step.kind === 'ask' ? [...step.opening, ...step.prompts] : step.prompts;
}

/** True for an `hours` step from whose closed side no queue is reached. */
function isShut(flow: Flow, name: string): boolean {
  const step = flow.steps[name];
  if (step?.kind !== 'hours') return false;
  const { reached } = walkFlow(flow, [step.closed]);
  return ![...reached].some((each) => flow.steps[each]?.kind === 'queue');
}

/** G5: whatever a known caller presses, or nothing, a queue is what comes of it: nobody is refused for what is known. */
function endsWithoutPerson(flow: Flow, start: string): boolean {
  return [...walkFlow(flow, [start]).reached].some((name) => flow.steps[name]?.kind === 'end');
}

/**
 * The ends that callers come to who press nothing, or wrong keys only. None may where a person can be reached at all: an old dial telephone has
 * no keys. A flow without a queue, which tells something and ends, is meant so.
 */
function silentEnds(flow: Flow, warned = flow.start): readonly string[] {
  if (!Object.values(flow.steps).some(({ kind }) => kind === 'queue')) return [];
  const { reached } = walkFlow(flow, [flow.start, warned], silentTargetsOf);
  return [...reached].filter((name) => flow.steps[name]?.kind === 'end');
}

function silentTargetsOf(step: FlowStep): readonly string[] {
  return step.kind === 'ask' ? [step.none, step.wrong] : targetsOf(step);
}

/** The longest that is heard from the start to the end of the first menu. Only `say` and `hours` lead there; without loops it ends. */
function leadIn(
  flow: Flow,
  known: Known,
  name = flow.start,
  beforeMs = 0,
): { readonly step: string; readonly lengthMs: number } | undefined {
  if (!Object.hasOwn(flow.steps, name)) return undefined;
  const step = flow.steps[name]!;
  const lengthMs = heardAt(step).reduce((sum, prompt) => sum + (known.prompts.get(prompt) ?? 0), beforeMs);
  if (step.kind === 'ask') return { step: name, lengthMs };
  if (step.kind === 'say') return leadIn(flow, known, step.then, lengthMs);
  if (step.kind !== 'hours') return undefined;
  const [open, closed] = [leadIn(flow, known, step.open, lengthMs), leadIn(flow, known, step.closed, lengthMs)];
  return (open?.lengthMs ?? -1) >= (closed?.lengthMs ?? -1) ? open : closed;
}

function noTarget(step: string, target: string, names: readonly string[]): FlowProblem {
  const message: Words = [`步骤“${target}”不存在。`, `There is no step "${target}".`];
  const fix: Words = [`可用的步骤：${names.join('、')}。`, `Use one of: ${names.join(', ')}.`];
  return { kind: 'noTarget', step, about: target, message, fix };
}

function noPrompt(step: string, prompt: string): FlowProblem {
  const message: Words = [`语音“${prompt}”不存在。`, `There is no prompt "${prompt}".`];
  const fix: Words = ['请写 prompts.yaml 里有的编号，或在那里加上它。', 'Use an id of prompts.yaml, or add it there.'];
  return { kind: 'noPrompt', step, about: prompt, message, fix };
}

function noQueue(step: string, queue: string, known: Known): FlowProblem {
  const message: Words = [`队列“${queue}”不存在。`, `There is no queue "${queue}".`];
  const names = [...known.queues];
  const fix: Words = [`可用的队列：${names.join('、')}。`, `Use one of: ${names.join(', ')}.`];
  return { kind: 'noQueue', step, about: queue, message, fix };
}

function noHours(step: string, hours: string, known: Known): FlowProblem {
  const message: Words = [`服务时间“${hours}”不存在。`, `There are no hours "${hours}".`];
  const names = [...known.hours];
  const fix: Words = [
    `请写 hours.yaml 里有的名称：${names.join('、')}。`,
    `Use a calendar of hours.yaml: ${names.join(', ')}.`,
  ];
  return { kind: 'noHours', step, about: hours, message, fix };
}

function noPerson(step: string): FlowProblem {
  const message: Words = [
    '不在服务时间时，来电人无法转到任何人。',
    'While it is closed no caller can reach a person from here.',
  ];
  const fix: Words = [
    '12345 全天有人值守：请让 closed 一侧至少有一个按键通向 queue。',
    'Somebody answers 12345 always: let at least one key on the closed side lead to a queue.',
  ];
  return { kind: 'noPerson', step, message, fix };
}

function turnedAway(step: string): FlowProblem {
  const message: Words = [
    '已知来电人从这一步可能被挂断。',
    'A caller whom the records know can be turned away from here.',
  ];
  const fix: Words = [
    '请让这一步之后的每条路都通向 queue：受限来电也可能有紧急情况。',
    'Let every way from it lead to a queue: who is limited may have an emergency.',
  ];
  return { kind: 'turnedAway', step, message, fix };
}

function silentEnd(step: string): FlowProblem {
  const message: Words = [
    '不按键或按错键的来电会在这一步被挂断。',
    'Callers who press no key, or a wrong one, are ended here.',
  ];
  const fix: Words = [
    '请让菜单的 none 和 wrong.then 通向 queue：老式话机没有按键。',
    'Let none and wrong.then of the menu lead to a queue: old telephones have no keys.',
  ];
  return { kind: 'silentEnd', step, message, fix };
}

function noPlan(step: string, plan: string, known: Known): FlowProblem {
  const message: Words = [`方案“${plan}”不存在。`, `There is no plan "${plan}".`];
  const names = [...known.plans];
  const fix: Words = [`可用的方案：${names.join('、')}。`, `Use one of: ${names.join(', ')}.`];
  return { kind: 'noPlan', step, about: plan, message, fix };
}

function noMessages(step: string, name: string, known: Known): FlowProblem {
  const message: Words = [`等候播报“${name}”不存在。`, `There are no messages "${name}".`];
  const names = [...known.messages];
  const fix: Words = [
    `请写 messages.yaml 里有的名称：${names.join('、')}。`,
    `Use a name of messages.yaml: ${names.join(', ')}.`,
  ];
  return { kind: 'noMessages', step, about: name, message, fix };
}

function badKey(step: string, key: string): FlowProblem {
  const message: Words = [`“${key}”不是电话按键。`, `"${key}" is not a key of a telephone.`];
  const fix: Words = ['请用 "0" 到 "9"、"*" 或 "#"，并加引号。', 'Use "0" to "9", "*" or "#", in quotes.'];
  return { kind: 'badKey', step, about: key, message, fix };
}

function noKey(step: string): FlowProblem {
  const message: Words = ['这个菜单没有任何按键。', 'This menu has no key.'];
  const fix: Words = ['请在 choose 里至少写一个按键。', 'Write at least one key under choose.'];
  return { kind: 'noKey', step, message, fix };
}

function loop(step: string): FlowProblem {
  const message: Words = [
    '来电会绕回这一步，可能永远转不到人工。',
    'A caller can come back to this step and may never reach a person.',
  ];
  const fix: Words = [
    '请让后面的步骤通向 queue 或 end；要再问一次请用 wrong.times。',
    'Let what follows lead to a queue or an end, and use wrong.times to ask again.',
  ];
  return { kind: 'loop', step, message, fix };
}

function unreachable(step: string): FlowProblem {
  const message: Words = ['没有任何来电会走到这一步。', 'No caller ever comes to this step.'];
  const fix: Words = ['请删除它，或让别的步骤指向它。', 'Remove it, or let another step lead to it.'];
  return { kind: 'unreachable', step, message, fix };
}

function tooLong(step: string, lengthMs: number): FlowProblem {
  const seconds = (lengthMs / 1_000).toFixed(1);
  const message: Words = [
    `来电听完菜单要 ${seconds} 秒，超过 12 秒。`,
    `A caller listens for ${seconds} s until the menu has been read, which is more than 12 s.`,
  ];
  const fix: Words = [
    '请缩短问候、告知或菜单的录音。',
    'Shorten the recordings of the greeting, the notice or the menu.',
  ];
  return { kind: 'tooLong', step, message, fix };
}

function tooManySteps(): FlowProblem {
  const message: Words = [`步骤超过 ${STEPS_MAX} 个。`, `There are more than ${STEPS_MAX} steps.`];
  const fix: Words = ['请把流程改短。', 'Make the flow shorter.'];
  return { kind: 'tooManySteps', step: '', message, fix };
}
