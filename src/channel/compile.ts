import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type TypeScript from 'typescript';
import { replaceFile } from '../lib/replace-file.ts';

export interface CompileOptions {
  /** Where what was compiled is kept, named by its content: a start compiles only what is new. */
  readonly cacheFolder: string;
  /** The program as it runs: imports of `src/…` are led there. Default: this one. */
  readonly programFolder?: string;
}

const FILES_MAX = 50;
const SOURCE_BYTES_MAX = 1_048_576;
/** Of this module: raised whenever the same source gives other code. */
const FORM = 1;

/**
 * Makes a channel's `.ts`, and what it imports from beside it, into modules that Node runs. Types are taken away, not checked: that is the
 * conformance kit's part.
 *
 * @returns the module's address.
 * @throws Error that says what is wrong with which file.
 */
export async function compileChannel(file: string, options: CompileOptions): Promise<string> {
  const program = options.programFolder ?? resolve(import.meta.dirname, '..');
  mkdirSync(options.cacheFolder, { recursive: true, mode: 0o700 });
  const compiled = new Map<string, string>();
  const home = dirname(resolve(file));
  return await compileFile(resolve(file), { cacheFolder: options.cacheFolder, program, home, compiled });
}

interface Work {
  readonly cacheFolder: string;
  readonly program: string;
  /** Where the channel's own file is: two channels may each have an `api.ts` below it. */
  readonly home: string;
  /** Source → module's address. */
  readonly compiled: Map<string, string>;
}

async function compileFile(file: string, work: Work): Promise<string> {
  const known = work.compiled.get(file);
  if (known !== undefined) return known;
  if (work.compiled.size >= FILES_MAX) throw new Error(`${file}: a channel of more than ${FILES_MAX} files`);
  const source = readFileSync(file, 'utf8');
  if (source.length > SOURCE_BYTES_MAX) throw new Error(`${file}: larger than ${SOURCE_BYTES_MAX} bytes`);
  const places = await placesOf(file, source, work);
  const sum = createHash('sha256')
    .update(`${FORM}\0${source}\0${JSON.stringify([...places])}`)
    .digest('hex')
    .slice(0, 24);
  // Two channels may each have a `settings.ts` of their own.
  const name = relative(work.home, file).slice(0, -extname(file).length).replaceAll(sep, '-');
  const target = join(work.cacheFolder, `${name}.${sum}.mjs`);
  if (!existsSync(target)) {
    const { default: ts } = await import('typescript');
    await replaceFile(target, transpile(ts, file, source, places));
    forgetOlder(work.cacheFolder, name, basename(target));
  }
  const address = pathToFileURL(target).href;
  work.compiled.set(file, address);
  return address;
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`; a text of the code that looks like one is left alone. */
const IMPORTED = /(?:^(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?|\bimport\(\s*)(['"])([^'"\n]+)\1/gm;

/** Where each import is found once the code lies somewhere else. */
async function placesOf(file: string, source: string, work: Work): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const [, , specifier = ''] of source.matchAll(IMPORTED)) {
    if (specifier.startsWith('node:') || places.has(specifier)) continue;
    if (!specifier.startsWith('.')) {
      places.set(specifier, import.meta.resolve(specifier));
      continue;
    }
    const target = resolve(dirname(file), specifier);
    const inProgram = withinSources(target);
    if (inProgram !== undefined) places.set(specifier, pathToFileURL(join(work.program, inProgram)).href);
    else if (target.endsWith('.ts')) places.set(specifier, await compileFile(target, work));
    else throw new Error(`${file}: “${specifier}” is neither the contract nor a .ts file beside the channel`);
  }
  return places;
}

/** `…/src/channel/channel.ts` → `channel/channel.js`. Only the contract: the rest of the program may change at any time. */
function withinSources(target: string): string | undefined {
  const contract = join('src', 'channel', 'channel.ts');
  return target.endsWith(`${sep}${contract}`) ? relative('src', contract).replace(/\.ts$/, '.js') : undefined;
}

function transpile(ts: typeof TypeScript, file: string, source: string, places: ReadonlyMap<string, string>): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    transformers: { after: [(context) => (root) => ts.visitEachChild(root, lead(ts, places, context), context)] },
  });
  const [first] = diagnostics;
  if (first !== undefined) {
    const { line = 0 } = first.file?.getLineAndCharacterOfPosition(first.start ?? 0) ?? {};
    throw new Error(`${file}:${line + 1} ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`);
  }
  return outputText;
}

function lead(ts: typeof TypeScript, places: ReadonlyMap<string, string>, context: TypeScript.TransformationContext) {
  const { factory } = ts;
  const placed = (node: TypeScript.Expression | undefined): TypeScript.StringLiteral | undefined => {
    const place = node !== undefined && ts.isStringLiteral(node) ? places.get(node.text) : undefined;
    return place === undefined ? undefined : factory.createStringLiteral(place);
  };
  const visit = (node: TypeScript.Node): TypeScript.Node => {
    if (ts.isImportDeclaration(node)) {
      const to = placed(node.moduleSpecifier) ?? node.moduleSpecifier;
      return factory.updateImportDeclaration(node, node.modifiers, node.importClause, to, node.attributes);
    }
    if (ts.isExportDeclaration(node)) {
      const to = placed(node.moduleSpecifier) ?? node.moduleSpecifier;
      return factory.updateExportDeclaration(
        node,
        node.modifiers,
        node.isTypeOnly,
        node.exportClause,
        to,
        node.attributes,
      );
    }
    const isImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const to = isImport ? placed(node.arguments[0]) : undefined;
    if (isImport && to !== undefined) return factory.updateCallExpression(node, node.expression, undefined, [to]);
    return ts.visitEachChild(node, visit, context);
  };
  return visit;
}

/** What an older source was made into. A file that another start has just removed is no failure. */
function forgetOlder(folder: string, name: string, current: string): void {
  for (const entry of readdirSync(folder))
    if (entry.startsWith(`${name}.`) && entry.endsWith('.mjs') && entry !== current)
      rmSync(join(folder, entry), { force: true });
}
