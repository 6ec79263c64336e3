// Plain JavaScript, as `minhu.mjs`: both must run before anything is installed or built.
// Installs what is missing, builds when the sources changed, then runs the program in this same process.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MIN = [20, 19];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.minhu-installed');
const buildStamp = join(root, 'dist', '.minhu-built');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  fail(
    `Node ${process.versions.node} 太旧，需要 ${NODE_MIN.join('.')} 或更新 / is too old, ${NODE_MIN.join('.')} or newer is needed`,
  );
}

// Two first starts at once would install and build into the same folders: the second waits, and then finds all done.
const done = await takeTurn();
process.once('exit', done);
const lockHash = hash([join(root, 'package-lock.json')]);
if (read(installStamp) !== lockHash) {
  step('正在安装依赖… / installing packages (first start only)…');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installStamp, lockHash);
}

const deskFolder = join(root, 'src', 'desk');
// The pages take these from the API, and nothing else.
const shared = ['live/messages.ts', 'live/live-client.ts', 'chat/messages.ts'].map((name) =>
  join(root, 'src', 'api', name),
);
const deskHash = hash([...sources(deskFolder, /\.(ts|vue|css|svg|html)$/), ...shared]) + lockHash;
const builtFrom = [join(root, 'tsconfig.json'), join(root, 'src', 'start.mjs'), ...sources(join(root, 'src'))];
const sourceHash = hash(builtFrom) + deskHash;
if (read(buildStamp) !== sourceHash) {
  step('正在编译… / building…');
  // Built beside and renamed, so that a build that fails or is interrupted leaves the last good one.
  const fresh = join(root, 'dist.new');
  rmSync(fresh, { recursive: true, force: true });
  // The page takes longest, and is the same as before more often than not.
  const page = read(join(root, 'dist', 'desk', '.minhu-built')) === deskHash ? undefined : buildDesk(fresh);
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root, '--outDir', fresh]);
  if (page === undefined) cpSync(join(root, 'dist', 'desk'), join(fresh, 'desk'), { recursive: true });
  else await page;
  await joinDay(join(fresh, 'sim', 'simulate.js'));
  writeFileSync(join(fresh, '.minhu-built'), sourceHash);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(fresh, join(root, 'dist'));
}
done();
process.off('exit', done);

if (!process.argv.includes('--build-only')) {
  await import(pathToFileURL(join(root, 'dist', 'main.js')).href);
}

/**
 * Waits until nobody else installs or builds here. The file with the highest number tells whose turn it is; of all who find its owner dead
 * only one can make the next number. A dead one's file stays, so that no number is ever made twice.
 */
async function takeTurn() {
  const folder = join(root, '.minhu-start');
  const draft = join(folder, `${process.pid}.new`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, `${process.pid} ${startOf(process.pid)}`);
  } catch {
    return () => {}; // A clone that we may not write: nothing can be installed or built anyway.
  }
  for (let told = false; ; ) {
    const last = Math.max(0, ...readdirSync(folder).map((name) => (/^\d+$/.test(name) ? Number(name) : 0)));
    const [pid, start] = (read(join(folder, String(last))) ?? '').split(' ');
    const turn = join(folder, String(last + 1));
    if (pid && start === startOf(pid)) {
      if (!told) step(`等待进程 ${pid} 安装或编译完成… / waiting for process ${pid} to finish installing or building…`);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } else if (linked(draft, turn)) {
      rmSync(draft);
      return () => rmSync(turn, { force: true });
    }
  }
}

function linked(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** With its id it names one process only; empty when there is no such process. */
function startOf(pid) {
  const stat = process.platform === 'linux' ? read(`/proc/${pid}/stat`) : undefined;
  if (process.platform === 'linux') return stat?.slice(stat.lastIndexOf(')')).split(' ')[20] ?? '';
  return spawnSync('ps', ['-p', String(pid), '-o', 'lstart='], { encoding: 'utf8' })
    .stdout.trim()
    .replace(/\s+/g, '_');
}

/** Bundled beside the compiler, on the machine's other processor. */
function buildDesk(fresh) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const outDir = join(fresh, 'desk');
  const args = [vite, 'build', deskFolder, '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn'];
  return new Promise((resolve) => {
    spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).once('exit', (status) => {
      if (status !== 0) fail('“vite build” 失败 / failed');
      writeFileSync(join(outDir, '.minhu-built'), deskHash);
      resolve();
    });
  });
}

/**
 * A simulated day is half a million entries of the core. They take less time with all that a day needs in one file, in which the engine sees
 * that nobody else can put other functions in the place of its own: a declared one may be given another value, a constant may not (decision 0022).
 */
async function joinDay(file) {
  const { rolldown } = await import('rolldown');
  const { parseAst } = await import('rolldown/parseAst');
  const renderChunk = (code) => ({ code: withConstants(code, parseAst(code).body), map: null });
  const day = await rolldown({ input: file, platform: 'node', plugins: [{ name: 'constants', renderChunk }] });
  await day.write({ file, sourcemap: true });
}

/** The last one first, so that those before it stay where they are. */
function withConstants(code, statements) {
  return statements.reduceRight((text, statement) => {
    const { start, end } = statement;
    return text.slice(0, start) + asConstant(statement, text.slice(start, end)) + text.slice(end);
  }, code);
}

function asConstant({ type, id, kind, declarations }, text) {
  if (type === 'FunctionDeclaration') return `const ${id.name} = ${text};`;
  // As rolldown puts a class.
  if (kind === 'var' && declarations[0].init?.type === 'ClassExpression') return text.replace('var', 'const');
  return text;
}

function sources(folder, wanted = /\.(ts|sql)$/) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function hash(files) {
  const sum = createHash('sha256');
  for (const file of files) sum.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return sum.digest('hex');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) fail(`“${command} ${args.join(' ')}” 失败 / failed${error ? `: ${error.message}` : ''}`);
}

function step(text) {
  process.stdout.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
