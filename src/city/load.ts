import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { QueueSetting } from '../core/settings.ts';
import { checkFlow, type Known } from './check.ts';
import type { City, CityProblem, CityResult, Recording } from './city.ts';
import { type PlacedFlow, readFlow } from './flows.ts';
import { readHours } from './hours.ts';
import { APOLOGY_PROMPT, MUSIC_PROMPT } from './known-prompts.ts';
import { loadRecordings, PROMPT_FOLDER } from './prompts.ts';
import { readQueues } from './queues.ts';
import { readSeats } from './seats.ts';
import { readTrunks } from './trunks.ts';
import { complain, openYaml } from './yaml-file.ts';

export type { City, CityProblem, CityResult } from './city.ts';

export const FLOWS_MAX = 50;

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

  const recordings = promptFile ? loadRecordings(root, promptFile) : new Map<string, Recording>();
  const queues = queueFile ? readQueues(queueFile) : new Map<string, QueueSetting>();
  const flows = readFlows(root, problems);
  // References into a file that could not be read would only repeat its own problem.
  if (promptFile && queueFile) checkFlows(flows, knownOf(recordings, queues));
  const lines = readLines(flows);
  const seats = seatFile ? readSeats(seatFile, new Set([...queues.values()].map((queue) => queue.skill))) : [];
  const trunks = trunkFile ? readTrunks(trunkFile, new Set(Object.keys(lines))) : [];
  const hours = hoursFile && readHours(hoursFile);

  if (problems.length > 0 || hours === undefined) return { ok: false, problems };
  const city: City = {
    settings: {
      lines,
      flows: Object.fromEntries(flows.map(({ name, flow }) => [name, flow])),
      queues: Object.fromEntries(queues),
      prompts: Object.fromEntries([...recordings].map(([id, recording]) => [id, recording.file])),
    },
    seats,
    trunks,
    hours,
    promptFolder: join(root, PROMPT_FOLDER),
    musicFile: recordings.get(MUSIC_PROMPT)!.file,
    apologyFile: recordings.get(APOLOGY_PROMPT)!.file,
    recordings: Object.fromEntries(recordings),
  };
  return { ok: true, city };
}

function readFlows(root: string, problems: CityProblem[]): readonly PlacedFlow[] {
  const names = listFlows(root).slice(0, FLOWS_MAX);
  if (names.length === 0) {
    problems.push({
      file: 'flows',
      line: 1,
      message: '没有任何流程文件。 There is no flow.',
      fix: '请放入 flows/hotline.yaml，可从项目自带的 dialplans 复制。 Put flows/hotline.yaml there; the dialplans folder of the project has one to copy.',
    });
  }
  return names.flatMap((name) => {
    const top = openYaml(root, `flows/${name}.yaml`, problems);
    const placed = top && readFlow(name, top);
    return placed === undefined ? [] : [placed];
  });
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
  for (const { flow, places } of flows) {
    for (const problem of checkFlow(flow, known)) complain(places.get(problem.step)!, problem.message, problem.fix);
  }
}

function knownOf(recordings: ReadonlyMap<string, Recording>, queues: ReadonlyMap<string, QueueSetting>): Known {
  const lengths = [...recordings].map(([id, { durationMs }]) => [id, durationMs] as const);
  return { queues: new Set(queues.keys()), prompts: new Map(lengths) };
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
