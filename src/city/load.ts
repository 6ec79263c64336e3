import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkFlow, type Known } from './check.ts';
import type { City, CityProblem, CityResult } from './city.ts';
import { type PlacedFlow, placeOf, readFlow } from './flows.ts';
import { readHours } from './hours.ts';
import { APOLOGY_PROMPT, MUSIC_PROMPT } from './known-prompts.ts';
import { loadRecordings, PROMPT_FOLDER } from './prompts.ts';
import { readQueues } from './queues.ts';
import { readSeats } from './seats.ts';
import { readTrunks } from './trunks.ts';
import { readWorkdays } from './workdays.ts';
import { complain, hasYaml, openYaml } from './yaml-file.ts';

export type { City, CityProblem, CityResult } from './city.ts';

export const FLOWS_MAX = 50;

/** Domain guide §3.5: seven hours of a working day. */
const OFFICE_DAY = [
  { fromMinute: 540, toMinute: 720 },
  { fromMinute: 780, toMinute: 1_020 },
];
const OFFICE = { week: [...Array(5).fill(OFFICE_DAY), [], []], holiday: [] };

/**
 * Reads and checks the whole city folder. All problems of all files are found in one go, up to `PROBLEMS_MAX`.
 * Reads about thirty files synchronously (some 20 ms): for the start and for a reload that an operator asks for.
 */
export function loadCity(folder: string): CityResult {
  const root = resolve(folder);
  const problems: CityProblem[] = [];
  const open = (name: string) => openYaml(root, name, problems);

  const promptFile = open('prompts.yaml');
  const queueFile = open('queues.yaml');
  const seatFile = open('seats.yaml');
  const trunkFile = open('trunks.yaml');
  const hoursFile = open('hours.yaml');

  const workdayFile = hasYaml(root, 'workdays.yaml') ? open('workdays.yaml') : undefined;

  const hours = hoursFile && readHours(hoursFile);
  const workdays = workdayFile && readWorkdays(workdayFile);
  const prompts = promptFile && loadRecordings(root, promptFile);
  const queues = queueFile && readQueues(queueFile, { hours: hours?.names, prompts: prompts?.lengthsMs });
  const flows = readFlows(root, problems);
  // A reference into what could not be read would only repeat that problem.
  if (prompts && queues && hours) {
    checkFlows(flows.placed, { queues: queues.names, hours: hours.names, prompts: prompts.lengthsMs });
  }
  const lines = readLines(flows.placed);
  const seats = seatFile ? readSeats(seatFile, queues?.skills) : [];
  const trunks = trunkFile ? readTrunks(trunkFile, flows.whole ? new Set(Object.keys(lines)) : undefined) : [];
  if (problems.length > 0 || !prompts || !queues || !hours) return { ok: false, problems };

  const { recordings } = prompts;
  const city: City = {
    settings: {
      lines,
      flows: Object.fromEntries(flows.placed.map(({ name, flow }) => [name, flow])),
      queues: queues.queues,
      hours: hours.calendars,
      workdays: workdays ?? {},
      prompts: Object.fromEntries(Object.entries(recordings).map(([id, { file }]) => [id, file])),
    },
    seats,
    trunks,
    zone: hours.zone,
    office: hours.calendars['office'] ?? { offsets: hours.offsets, ...OFFICE },
    promptFolder: join(root, PROMPT_FOLDER),
    musicFile: recordings[MUSIC_PROMPT]!.file,
    apologyFile: recordings[APOLOGY_PROMPT]!.file,
    recordings,
  };
  return { ok: true, city };
}

interface ReadFlows {
  readonly placed: readonly PlacedFlow[];
  /** False when one of the files could not be read. */
  readonly whole: boolean;
}

function readFlows(root: string, problems: CityProblem[]): ReadFlows {
  const names = listFlows(root).slice(0, FLOWS_MAX);
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
    const files = readdirSync(join(root, 'flows')).filter((name) => name.endsWith('.yaml'));
    return files.map((name) => name.slice(0, -'.yaml'.length)).sort();
  } catch {
    return [];
  }
}

function checkFlows(flows: readonly PlacedFlow[], known: Known): void {
  for (const placed of flows) {
    for (const problem of checkFlow(placed.flow, known))
      complain(placeOf(placed, problem), problem.message, problem.fix);
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
