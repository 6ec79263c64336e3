import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Settings } from '../core/settings.ts';
import { HOME_SITE } from '../lib/home-site.ts';
import { checkFlow, type Known } from './check.ts';
import type { City, CityProblem, CityResult, Words } from './city.ts';
import { readDialOut } from './dial-out.ts';
import { type PlacedFlow, placeOf, readFlow } from './flows.ts';
import { type KnownToGrades, readGrades } from './grades.ts';
import { leadToMain, NO_HOTLINES, type ReadHotlines, readHotlines } from './hotlines.ts';
import { readHours } from './hours.ts';
import { withKnownCallers } from './known-flow.ts';
import { APOLOGY_PROMPT, MUSIC_PROMPT } from './known-prompts.ts';
import { readMessages } from './messages.ts';
import { readMissedCalls } from './missed-calls.ts';
import { readModes } from './modes.ts';
import { readPlans, skillsOf } from './plans.ts';
import { loadRecordings, PROMPT_FOLDER } from './prompts.ts';
import { type ReadQueues, readQueues } from './queues.ts';
import { readReference } from './reference.ts';
import { type KnownToSeats, readSeats } from './seats.ts';
import { readSites } from './sites.ts';
import { readSlots } from './slots.ts';
import { readSupervision } from './supervision.ts';
import { readTrunks } from './trunks.ts';
import { readWebCall } from './web-call.ts';
import { readWorkdays } from './workdays.ts';
import { complain, type Field, hasYaml, openYaml, refuseUnknown } from './yaml-file.ts';

export type { City, CityProblem, CityResult } from './city.ts';

export const FLOWS_MAX = 50;

const FLOW_NAME: Words = [
  '流程的文件名以小写的 .yaml 结尾，例如 hotline.yaml。',
  'Let the name of a flow end with .yaml in small letters, such as hotline.yaml.',
];

/** Domain guide §3.5: seven hours of a working day. */
const OFFICE_DAY = [
  { fromMinute: 540, toMinute: 720 },
  { fromMinute: 780, toMinute: 1_020 },
];
const OFFICE = { week: [...Array(5).fill(OFFICE_DAY), [], []], holiday: [] };

/**
 * Reads and checks the whole city folder. All problems of all files are found in one go, up to `PROBLEMS_MAX`.
 * @param channelsFile by another name than the folder's channels.yaml. The channels read it, here it is only known.
 *
 * Reads about thirty files synchronously (some 20 ms): for the start and for a reload that an operator asks for.
 */
export function loadCity(folder: string, channelsFile?: string): CityResult {
  const root = resolve(folder);
  const problems: CityProblem[] = [];
  const { open, optional, others } = filesOf(root, channelsFile, problems);

  const promptFile = open('prompts.yaml');
  const queueFile = open('queues.yaml');
  const seatFile = open('seats.yaml');
  const trunkFile = open('trunks.yaml');
  const hoursFile = open('hours.yaml');
  const workdayFile = optional('workdays.yaml');
  const hotlineFile = optional('hotlines.yaml');

  const hours = hoursFile && readHours(hoursFile);
  const workdays = workdayFile && readWorkdays(workdayFile);
  const prompts = promptFile && loadRecordings(root, promptFile);
  const routing = readRouting(optional, prompts?.lengthsMs);
  const known = { ...routing.names, prompts: prompts?.lengthsMs, hours: hours?.names };
  const queues = queueFile && readQueues(queueFile, known);
  const flows = readFlows(root, problems);
  const plans = routing.settings.plans ?? {};
  const mayName = { queues: queues?.queues, plans, prompts: prompts?.lengthsMs, sites: routing.siteNames };
  const merged = hotlineFile ? readHotlines(hotlineFile, mayName) : NO_HOTLINES;
  const main = flows.placed.find(({ numbers }) => numbers.some(({ number }) => number === merged.main));
  const placed = [...flows.placed, ...withKnownCallers(merged.placed, main?.flow)];
  // A reference into what could not be read would only repeat that problem.
  if (prompts && queues && hours) {
    const names = { ...routing.names, queues: queues.names, hours: hours.names, prompts: prompts.lengthsMs };
    checkFlows(placed, { ...names, plans: new Set([...names.plans, ...Object.keys(merged.plans)]) });
  }
  const lines = readLines(placed);
  if (flows.whole) leadToMain(merged, lines);
  const modeFile = optional('modes.yaml');
  const modes = modeFile && queues && flows.whole ? readModesIn(modeFile, queues, routing, flows, merged, lines) : {};
  const callers = readCallers(optional, hours?.names, { plans: routing.names.plans, queues: queues?.names });
  const seats = seatFile ? readSeats(seatFile, seatsMayName(queues, routing, merged)) : [];
  const { settings: out, ...ways } = readWays(trunkFile, optional, flows.whole ? lines : undefined, merged);
  const { alerts, ...beside } = readBeside(optional);
  others();
  if (problems.length > 0 || !prompts || !queues || !hours) return { ok: false, problems };

  const city: City = {
    settings: {
      lines,
      diverted: merged.diverted,
      flows: Object.fromEntries(placed.map(({ name, flow }) => [name, flow])),
      queues: queues.queues,
      hours: hours.calendars,
      workdays: workdays ?? {},
      ...routing.settings,
      ...modes,
      ...callers,
      ...alerts,
      ...out,
      plans: { ...plans, ...merged.plans },
      prompts: Object.fromEntries(Object.entries(prompts.recordings).map(([id, { file }]) => [id, file])),
    },
    seats,
    ...ways,
    hotlines: merged.hotlines,
    ...beside,
    zone: hours.zone,
    office: hours.calendars['office'] ?? { offsets: hours.offsets, ...OFFICE },
    promptFolder: join(root, PROMPT_FOLDER),
    musicFile: prompts.recordings[MUSIC_PROMPT]!.file,
    apologyFile: prompts.recordings[APOLOGY_PROMPT]!.file,
    recordings: prompts.recordings,
  };
  return { ok: true, city };
}

/** The files of the folder, by name. `others`: notes those for which nobody has asked. */
function filesOf(root: string, channelsFile: string | undefined, problems: CityProblem[]) {
  const names = new Set(['channels.yaml']);
  if (channelsFile !== undefined && isWithin(root, channelsFile)) names.add(basename(channelsFile));
  const open = (name: string) => {
    names.add(name);
    return openYaml(root, name, problems);
  };
  const optional = (name: string) => {
    names.add(name);
    return hasYaml(root, name) ? open(name) : undefined;
  };
  const others = () => {
    const known = [...names].sort();
    const fix: Words = [
      `请改用这些名称之一，或移到别处：${known.join('、')}。`,
      `Give it one of the known names, or put it elsewhere: ${known.join(', ')}.`,
    ];
    refuseUnknown(root, '', (name) => names.has(name), fix, problems);
  };
  return { open, optional, others };
}

/** By whatever links the one or the other is named. */
function isWithin(folder: string, file: string): boolean {
  const real = (path: string) => (existsSync(path) ? realpathSync(path) : path);
  return real(folder) === real(dirname(resolve(file)));
}

/** What decides about no call. */
function readBeside(optional: (name: string) => Field | undefined) {
  return {
    ...readSupervision(optional('supervision.yaml')),
    reference: readReference(optional('scripts.yaml'), optional('categories.yaml')),
  };
}

/** By what calls come in and go out. */
function readWays(
  trunkFile: Field | undefined,
  optional: (name: string) => Field | undefined,
  lines: Readonly<Record<string, string>> | undefined,
  { hotlines }: ReadHotlines,
): Pick<City, 'trunks' | 'webCall' | 'dialOut'> & { readonly settings: Pick<Settings, 'dialOut'> } {
  const merged = hotlines.map(({ number }) => number);
  const answered = lines && new Set([...Object.keys(lines), ...merged]);
  const webCallFile = optional('web-call.yaml');
  const webCall = webCallFile && readWebCall(webCallFile, answered, merged);
  const dialOutFile = optional('dial-out.yaml');
  const dialOut = dialOutFile && readDialOut(dialOutFile, answered);
  const catalogue = dialOut?.numbers.map(({ number }) => number) ?? [];
  return {
    trunks: trunkFile ? readTrunks(trunkFile, answered, merged) : [],
    settings: dialOut === undefined ? {} : { dialOut: { line: dialOut.line, numbers: catalogue } },
    ...(dialOut && { dialOut }),
    ...(webCall && { webCall }),
  };
}

function readModesIn(
  file: Field,
  { names: queues }: ReadQueues,
  { names }: Routing,
  { placed }: ReadFlows,
  hotlines: ReadHotlines,
  lines: Readonly<Record<string, string>>,
) {
  const numbers = new Set([...Object.keys(lines), ...hotlines.hotlines.map(({ number }) => number)]);
  const flows = new Set(placed.map(({ name }) => name));
  return readModes(file, { ...names, queues, numbers, hotlines, flows });
}

function readCallers(
  optional: (name: string) => Field | undefined,
  hours: ReadonlySet<string> | undefined,
  known: KnownToGrades,
): Pick<Settings, 'missedCalls' | 'grades'> {
  const [missedFile, gradeFile] = [optional('missed-calls.yaml'), optional('grades.yaml')];
  const missedCalls = missedFile && readMissedCalls(missedFile, hours);
  const grades = gradeFile && readGrades(gradeFile, known);
  return { ...(missedCalls && { missedCalls }), ...(grades && { grades }) };
}

interface Routing {
  readonly settings: Pick<Settings, 'plans' | 'messages' | 'sites' | 'slots'>;
  readonly names: { readonly plans: ReadonlySet<string>; readonly messages: ReadonlySet<string> };
  readonly siteNames: ReadonlySet<string>;
}

function readRouting(
  optional: (name: string) => Field | undefined,
  lengthsMs: ReadonlyMap<string, number> | undefined,
): Routing {
  const [planFile, siteFile, slotFile, messageFile] = ['plans', 'sites', 'slots', 'messages'].map((name) =>
    optional(`${name}.yaml`),
  );
  const sites = siteFile && readSites(siteFile);
  const siteNames = new Set([HOME_SITE, ...(sites ?? []).map(({ id }) => id)]);
  const plans = planFile && readPlans(planFile, siteNames);
  const messages = messageFile && readMessages(messageFile, lengthsMs);
  const slots = slotFile && readSlots(slotFile);
  const settings = {
    ...(plans && { plans }),
    ...(messages && { messages }),
    ...(sites && { sites }),
    ...(slots && { slots }),
  };
  const names = { plans: new Set(Object.keys(plans ?? {})), messages: new Set(Object.keys(messages ?? {})) };
  return { settings, siteNames, names };
}

function seatsMayName(
  queues: ReadQueues | undefined,
  { settings, siteNames }: Routing,
  merged: ReadHotlines,
): KnownToSeats {
  const planned = [...skillsOf(settings.plans ?? {}), ...merged.skills];
  const skills = queues?.skills && new Set([...queues.skills, ...planned]);
  return { skills, queues: queues?.names ?? new Set(), sites: siteNames };
}

interface ReadFlows {
  readonly placed: readonly PlacedFlow[];
  /** False when one of the files could not be read. */
  readonly whole: boolean;
}

function readFlows(root: string, problems: CityProblem[]): ReadFlows {
  const names = listFlows(root).slice(0, FLOWS_MAX);
  refuseUnknown(root, 'flows/', (name) => name.endsWith('.yaml'), FLOW_NAME, problems);
  if (names.length === 0) {
    problems.push({
      file: 'flows',
      line: 1,
      message: '没有任何流程文件。 There is no flow.',
      fix: '请放入 flows/hotline.yaml，可从项目自带的 dialplans 复制。 Put flows/hotline.yaml there; the dialplans folder of the project has one to copy.',
    });
  }
  const placed = names.flatMap((name) => {
    const top = openYaml(root, `flows/${name}.yaml`, problems);
    return (top && readFlow(name, top)) ?? [];
  });
  return { placed, whole: placed.length === names.length && names.length > 0 };
}

function listFlows(root: string): readonly string[] {
  try {
    const files = readdirSync(join(root, 'flows')).filter((name) => /^[^.].*\.yaml$/.test(name));
    return files.map((name) => name.slice(0, -'.yaml'.length)).sort();
  } catch {
    return [];
  }
}

function checkFlows(flows: readonly PlacedFlow[], known: Known): void {
  for (const placed of flows) {
    for (const problem of checkFlow(placed.flow, known)) {
      // A step that stands in the main number's file is checked there.
      if (problem.step !== '' && !placed.places.has(problem.step)) continue;
      complain(placeOf(placed, problem), problem.message, problem.fix);
    }
  }
}

/** Dialled number → flow. A number belongs to one flow. */
function readLines(flows: readonly PlacedFlow[]): Record<string, string> {
  const lines: Record<string, string> = {};
  for (const { name, numbers } of flows) {
    for (const { number, field } of numbers) {
      if (lines[number] === undefined) lines[number] = name;
      else {
        complain(
          field,
          [
            `号码 ${number} 已由流程“${lines[number]}”接听。`,
            `The number ${number} is answered by the flow "${lines[number]}" already.`,
          ],
          ['请只在一个流程里写这个号码。', 'Write the number in one flow only.'],
        );
      }
    }
  }
  return lines;
}
