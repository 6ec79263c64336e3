import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * Some of the program's files as plain modules in another folder, for a process that runs nothing else.
 *
 * @param names paths below `src`, without an ending; all that they import must be among them.
 */
export async function compileModules(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const source = await readFile(join(import.meta.dirname, '..', 'src', `${name}.ts`), 'utf8');
    const compilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    const file = join(folder, `${name}.mjs`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, outputText.replace(/'(\.[\w./-]+)\.ts'/g, "'$1.mjs'"));
  }
}
