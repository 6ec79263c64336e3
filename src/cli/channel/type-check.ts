import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const FAULTS_SHOWN_MAX = 10;

/** What the compiler has against the file, by the project's own strict settings. */
export function typeFaults(file: string): readonly string[] {
  const root = rootOf(dirname(file));
  if (root === undefined) return ['it lies in no project: put it into the folder channels beside src'];
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([file], {
    ...options,
    noEmit: true,
    rootDir: root,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
  });
  const faults = ts.getPreEmitDiagnostics(program).map((fault) => {
    const { line = 0 } = fault.file?.getLineAndCharacterOfPosition(fault.start ?? 0) ?? {};
    const where = fault.file === undefined ? '' : `${relative(root, fault.file.fileName)}:${line + 1} `;
    return `${where}${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`;
  });
  return faults.slice(0, FAULTS_SHOWN_MAX);
}

/** Where the contract is. */
function rootOf(folder: string): string | undefined {
  if (existsSync(join(folder, 'src', 'channel', 'channel.ts'))) return folder;
  return dirname(folder) === folder ? undefined : rootOf(dirname(folder));
}
