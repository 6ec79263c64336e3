import { cpSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FLOW_MISTAKES } from './flow-mistakes.ts';
import { PLACE_MISTAKES } from './place-mistakes.ts';
import { ShippedCopy } from './shipped-copy.ts';

const city = new ShippedCopy();
const inMs = (text: string) => Number.parseInt(text, 10) * (text.endsWith('ms') ? 1 : 1_000);

describe('a mistake is named with its file, its line and what to write instead', () => {
  test.each([...FLOW_MISTAKES, ...PLACE_MISTAKES])('$title', ({ file, find, put, at, says, fix }) => {
    city.plant(file, find, put);
    const problem = city.problems().find((candidate) => says.test(candidate.message));
    expect(problem, JSON.stringify(city.problems(), null, 1)).toBeDefined();
    expect(problem?.file).toBe(file);
    expect(problem?.fix).toMatch(fix);
    expect(`${problem?.message}${problem?.fix}`).toMatch(/\p{Script=Han}.*[A-Z]/su);
    expect(problem?.line).toBe(city.lineOf(file, at ?? put));
  });

  test('the line is exact where one value is meant', () => {
    const line = city.plant('queues.yaml', 'ring: 20s', 'ring: soon');
    expect(city.problems()).toMatchObject([{ file: 'queues.yaml', line }]);
  });

  test.each([
    ['queues.yaml', 'ring: 20s'],
    ['queues.yaml', 'wrapUp: 120s'],
    ['queues.yaml', 'positionFirst: 15s'],
    ['queues.yaml', 'positionEvery: 30s'],
    ['queues.yaml', 'after: 45s'],
    ['queues.yaml', 'pause: 120s'],
    ['flows/hotline.yaml', 'wait: 3s'],
    ['modes.yaml', 'bound: 5m'],
    ['modes.yaml', 'for: 5m'],
    ['modes.yaml', 'within: 0s'],
  ])('%s: the example for “%s” is one that may be written', (file, find) => {
    const [name] = find.split(':');
    city.plant(file, find, `${name}: soon`);
    const [problem] = city.problems();
    const [, fromMs, toMs, exampleMs] = /from (\S+) to (\S+), such as (\S+)\./.exec(problem!.fix)!.map(inMs);
    expect(exampleMs).toBeGreaterThanOrEqual(fromMs!);
    expect(exampleMs).toBeLessThanOrEqual(toMs!);
    city.plant(file, `${name}: soon`, `${name}: ${exampleMs}ms`);
    expect(city.problems()).toEqual([]);
  });

  test('broken YAML is named once, and what refers to that file is not blamed', () => {
    const line = city.plant('queues.yaml', '  personal: {', '  personal: {{');
    const found = city.problems();
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((problem) => problem.file === 'queues.yaml' || problem.file === 'seats.yaml')).toBe(true);
    expect(found[0]?.line).toBeGreaterThanOrEqual(line);
  });

  test.each(['prompts.yaml', 'queues.yaml', 'seats.yaml', 'trunks.yaml', 'hours.yaml', 'flows'])(
    'a missing %s is named, with where to get one',
    (file) => {
      rmSync(city.path(file), { recursive: true });
      expect(city.problems().length).toBeGreaterThan(0);
      const named = city.problems().find((problem) => file.startsWith(problem.file));
      expect(named?.fix).toMatch(/dialplans/);
    },
  );

  test('a prompt that the program itself plays cannot be left out', () => {
    city.plant('prompts.yaml', '  NUM-7: { text: 七 }\n', '');
    expect(city.problems()).toMatchObject([{ file: 'prompts.yaml', message: expect.stringContaining('NUM-7') }]);
  });

  test('two flows cannot answer the same number', () => {
    cpSync(city.path('flows/hotline.yaml'), city.path('flows/second.yaml'));
    expect(city.problems()).toMatchObject([
      { file: 'flows/second.yaml', message: expect.stringContaining('"hotline" already') },
    ]);
  });

  test('several mistakes in several files are all named in one run', () => {
    city.plant('queues.yaml', 'ring: 20s', 'ring: 1s');
    city.plant('trunks.yaml', '127.0.0.0/8', 'everyone');
    city.plant('hours.yaml', 'Asia/Shanghai', '8');
    expect(new Set(city.problems().map((problem) => problem.file))).toEqual(
      new Set(['queues.yaml', 'trunks.yaml', 'hours.yaml']),
    );
  });
});
