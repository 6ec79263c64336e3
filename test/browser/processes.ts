import { readdirSync, readFileSync } from 'node:fs';

/** Every process of the browsers that this test started. */
export function browserProcesses(): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, command = '', rest = ''] = /\((.*)\) \S (.*)$/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      if (/chrom/.test(command)) parents.set(Number(name), Number(rest.split(' ')[0]));
    } catch {
      // It ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === process.pid || isOurs(parent));
  };
  return [...parents.keys()].filter(isOurs);
}

/** Those through which every socket of the pages goes, WebRTC's among them: stopped, the network is cut and the pages run on. */
export function networkProcesses(): number[] {
  return browserProcesses().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('network.mojom.NetworkService');
    } catch {
      return false;
    }
  });
}
