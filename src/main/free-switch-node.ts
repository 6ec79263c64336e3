import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createEslClient, type EslEndpoint } from '../switch/esl/client.ts';
import type { Folders } from './folders.ts';

/** What a FreeSWITCH node says of itself when asked. */
export interface NodeFacts {
  /** `host:port` of the profile that seats register at; undefined when there is no such profile or nobody answers. */
  readonly sip: string | undefined;
  /** Of the paths asked about, those that the switch's own user cannot reach. */
  readonly unreachable: readonly string[];
}

const ANSWER_MS_MAX = 5_000;
const NOTHING: NodeFacts = { sip: undefined, unreachable: [] };

/** Asks a node, over a connection of its own, where phones find it and whether it can reach our files. Never throws; takes at most 5 s. */
export async function askNode(node: EslEndpoint, paths: readonly string[], logger: Logger): Promise<NodeFacts> {
  const client = createEslClient({ ...node, subscribe: 'event plain HEARTBEAT', logger, random: () => 0 });
  const facts = await new Promise<NodeFacts>((resolve) => {
    const tooLate = setTimeout(() => resolve(NOTHING), ANSWER_MS_MAX);
    const ask = async (): Promise<void> => {
      const profile = await client.ask('api sofia xmlstatus profile internal');
      const found = await Promise.all(paths.map((path) => client.ask(`api file_exists ${path}`)));
      clearTimeout(tooLate);
      resolve({
        sip: sipAddressIn(profile.text),
        unreachable: paths.filter((_, index) => found[index]?.text === 'false'),
      });
    };
    client.start({ up: () => void ask(), event: () => {}, down: () => {}, gone: () => {} });
  });
  await client.close();
  return facts;
}

/** From `<url>sip:mod_sofia@192.0.2.1:5060</url>`, the address that the profile puts into its Contact. */
export function sipAddressIn(xml: string): string | undefined {
  return /<url>sips?:(?:[^@<]*@)?([^;<>]{1,256}:\d{1,5})(?:;[^<]*)?<\/url>/.exec(xml)?.[1];
}

/**
 * Where the configured FreeSWITCH nodes say that phones find them; none with the embedded switch. What a node cannot reach of our files is
 * told to the operator: callers would hear nothing, or nothing would be recorded.
 */
export async function askNodes(parts: {
  readonly config: Config;
  readonly folders: Folders;
  readonly logger: Logger;
}): Promise<readonly string[]> {
  const { config, folders, logger } = parts;
  const paths = [join(config.cityFolder, 'prompts'), folders.recordings];
  const facts = await Promise.all(
    config.eslNodes.map(async (node) => {
      const { sip, unreachable } = await askNode({ ...node, password: config.eslPassword ?? '' }, paths, logger);
      for (const path of unreachable) {
        logger.error({ node, path }, 'FreeSWITCH cannot reach this path: run it as the user of this program');
      }
      return sip;
    }),
  );
  return facts.filter((sip) => sip !== undefined);
}
