import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/**
 * Folder → what it may import besides itself and npm packages. This table is the architecture; a new arrow needs a decision record.
 * `(types)` allows only `import type` from that folder.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/lib': [],
  'src/core': ['src/lib'],
  'src/runtime': ['src/core', 'src/lib'],
  'src/sim': ['src/core', 'src/runtime', 'src/lib'],
  'src/city': ['src/core (types)', 'src/lib'],
  'src/store': ['src/core (types)', 'src/runtime (types)', 'src/lib'],
  'src/channel': [
    'src/core (types)',
    'src/core/ids.ts',
    'src/core/instant-text.ts',
    'src/city/yaml-file.ts',
    'src/city/fields.ts',
    'src/city/city.ts (types)',
    'src/store',
    'src/lib',
  ],
  // An integrator's files: the contract is all they know of the program.
  channels: ['src/channel/channel.ts'],
  'src/switch': ['src/core (types)', 'src/core/ids.ts', 'src/lib'],
  'src/softswitch': ['src/lib'],
  'src/api': [
    'src/core (types)',
    'src/core/view.ts',
    'src/core/ids.ts',
    'src/core/medium.ts',
    'src/store',
    'src/channel',
    'src/lib',
  ],
  // A browser has what passes between it and the server, and nothing of the server.
  'src/desk': ['src/api/live/messages.ts', 'src/api/live/live-client.ts'],
  'src/cli': ['src'],
  'src/main': ['src'],
  'src/main.ts': ['src'],
  'src/cli.ts': ['src/cli'],
  'src/config.ts': ['src/lib'],
};

/** Rooms without a clock, chance, a disk or a socket: each name would make a replay differ from the day it replays. */
const PURE = ['src/core/', 'src/softswitch/sip/', 'src/softswitch/rtp/'];
const BANNED = new Set(
  'Date random performance process console Promise fetch setTimeout setInterval setImmediate queueMicrotask localeCompare toLocaleString Intl WeakRef'.split(
    ' ',
  ),
);
/** What the protocol layers may take from Node: hashes, and nothing that waits or draws. */
const PURE_PACKAGES = new Set(['node:crypto', 'node:buffer', 'node:net']);

const LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;

const root = join(import.meta.dirname, '..');
const files = ['src', 'channels']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|vue)$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(`${file}.ts`, codeOf(file), ts.ScriptTarget.Latest, true);
}

/** Of a page's component, its script; the rest are empty lines, so that places stay true. */
function codeOf(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  if (!file.endsWith('.vue')) return text;
  const [, before = '', script = ''] = /^([\s\S]*?<script[^>]*>)([\s\S]*?)<\/script>/.exec(text) ?? [];
  return before.replace(/[^\n]/g, '') + script;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function line(node: ts.Node): number {
  return node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

test('every folder imports only what the table allows', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const room = Object.keys(MAY_IMPORT).find((name) => file === name || file.startsWith(`${name}/`));
    if (room === undefined) {
      wrong.push(`${file}: its folder is not in the table`);
      continue;
    }
    for (const statement of parse(file).statements) {
      if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
      const specifier = statement.moduleSpecifier;
      if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) continue;
      const target = relative(root, join(root, dirname(file), specifier.text));
      const typesOnly = ts.isImportDeclaration(statement)
        ? statement.importClause?.isTypeOnly === true
        : statement.isTypeOnly;
      const allowed = [room, ...MAY_IMPORT[room]!].some((entry) => {
        const place = entry.replace(' (types)', '');
        return (target === place || target.startsWith(`${place}/`)) && (!entry.endsWith(' (types)') || typesOnly);
      });
      if (!allowed) wrong.push(`${file}:${line(statement)} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('the core and the protocol layers have no clock, no chance, no promise and no I/O', () => {
  const wrong: string[] = [];
  for (const file of files.filter((name) => PURE.some((room) => name.startsWith(room)))) {
    walk(parse(file), (node) => {
      if (ts.isAwaitExpression(node)) wrong.push(`${file}:${line(node)} awaits`);
      if (ts.isIdentifier(node) && BANNED.has(node.text) && !isOwnName(node))
        wrong.push(`${file}:${line(node)} ${node.text}`);
      if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
        const name = node.moduleSpecifier.text;
        const inCore = file.startsWith('src/core/');
        if (!name.startsWith('.') && (inCore || !PURE_PACKAGES.has(name)))
          wrong.push(`${file}:${line(node)} imports ${name}`);
      }
    });
  }
  expect(wrong).toEqual([]);
});

/** A property or option that merely shares the word, such as `options.random`, is somebody's argument, not the machine's chance. */
function isOwnName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return parent.expression.getText() !== 'Math';
  return (
    (ts.isPropertySignature(parent) ||
      ts.isPropertyAssignment(parent) ||
      ts.isShorthandPropertyAssignment(parent) ||
      ts.isBindingElement(parent)) &&
    node.text === 'random'
  );
}

test(`no file is longer than ${LINES_MAX} lines and no function longer than ${FUNCTION_LINES_MAX}`, () => {
  const wrong: string[] = [];
  for (const file of files) {
    const source = parse(file);
    const lines = source.getLineAndCharacterOfPosition(source.end).line;
    if (lines > LINES_MAX) wrong.push(`${file}: ${lines} lines`);
    walk(source, (node) => {
      if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
      const length = source.getLineAndCharacterOfPosition(node.end).line - line(node) + 2;
      if (length > FUNCTION_LINES_MAX) wrong.push(`${file}:${line(node)}: a function of ${length} lines`);
    });
  }
  expect(wrong).toEqual([]);
});

test('names say what a thing is: no any, barrel, utils, Manager, or class of the call', () => {
  const wrong: string[] = [];
  for (const file of files) {
    if (/(^|\/)(index|utils?|helpers?)\.ts$/.test(file)) wrong.push(`${file}: a name that says nothing`);
    walk(parse(file), (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) wrong.push(`${file}:${line(node)} any`);
      if (
        ts.isClassDeclaration(node) &&
        /(Manager|Helper|Service|^Call|^Session|^Conversation)$/.test(node.name?.text ?? '')
      ) {
        wrong.push(`${file}:${line(node)} class ${node.name?.text}`);
      }
      if (ts.isFunctionDeclaration(node) && /^(handle|process|manage)([A-Z]|$)/.test(node.name?.text ?? '')) {
        wrong.push(`${file}:${line(node)} function ${node.name?.text}`);
      }
    });
  }
  expect(wrong).toEqual([]);
});

test('nothing is left half done: no note to self, no switched-off test', () => {
  const wrong: string[] = [];
  const tests = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    // This file names the marks it looks for.
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && entry.name !== 'architecture.test.ts')
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  const mark = /\b(TODO|FIXME|XXX)\b|\.(skip|only)\(/;
  for (const file of [...files, ...tests]) {
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .forEach((text, index) => {
        if (mark.test(text)) wrong.push(`${file}:${index + 1} ${text.trim().slice(0, 80)}`);
      });
  }
  expect(wrong).toEqual([]);
});
