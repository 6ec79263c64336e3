// One program, two roles: started plainly it supervises; the supervisor starts it again with `core`. Neither loads the other's modules.
if (process.argv[2] === 'core') {
  const { runCore } = await import('./main/core.ts');
  await runCore();
} else {
  const { supervise } = await import('./main/supervise.ts');
  // An unwritable log or a half-open connection must not hold back an end that was asked for.
  process.exit(await supervise());
}

export {};
