import type { Logger } from 'pino';
import type { LegId, NodeId } from '../../core/ids.ts';
import { assert } from '../../lib/assert.ts';
import type { Switch } from '../switch.ts';
import { createEslClient, type EslEndpoint } from './client.ts';
import { carryOut } from './commands.ts';
import type { EslEvent } from './event.ts';
import { createLegs, forget } from './leg.ts';
import { type EndsLogged, readCallDetails, readLegLog } from './leg-log.ts';
import { type Node, tell } from './node.ts';
import { endsOf, lookAgain, survey } from './survey.ts';
import { SUBSCRIPTION, translate } from './translate.ts';

export interface EslNodeOptions extends EslEndpoint {
  readonly id: NodeId;
  /** JSON lines of ended legs, when the switch writes them where this process can read. */
  readonly legLogFile?: string;
  /** The folder of FreeSWITCH's mod_json_cdr, when this process can read it. */
  readonly legLogFolder?: string;
}

export interface EslSwitchOptions {
  readonly nodes: readonly EslNodeOptions[];
  readonly logger: Logger;
  /** `host:port` of the outbound trunk; absent: a `dial` ends with `NO_ROUTE_DESTINATION`. */
  readonly trunk?: string;
  /** 0 ≤ x < 1, spreads reconnections. */
  readonly random?: () => number;
  /** Unix time, ms. */
  readonly now?: () => number;
}

/** Most nodes of one core. */
export const NODES_MAX = 64;
/** Events that may wait behind a survey; more means that the link must be made anew. */
export const BUFFERED_MAX = 50_000;

/** After a survey, when those that it could not see yet are looked for. */
const LOOK_AGAIN_MS = [1_000, 5_000];

/** FreeSWITCH nodes, or the embedded switch, behind the `Switch` port. */
export function createEslSwitch(options: EslSwitchOptions): Switch {
  assert(options.nodes.length <= NODES_MAX, `more than ${NODES_MAX} nodes`);
  const nodes = new Map<NodeId, Node>(options.nodes.map((node) => [node.id, createNode(node, options)]));
  assert(nodes.size === options.nodes.length, 'two nodes with one id');
  return {
    start(listener, known) {
      for (const node of nodes.values()) startNode(node, listener, () => known(node.id));
    },
    execute(command) {
      const node = nodes.get(command.node);
      assert(node !== undefined, `no node ${command.node}`);
      carryOut(node, command);
    },
    health: () => new Map([...nodes].map(([id, node]) => [id, node.phase === 'ready'])),
    async close() {
      await Promise.all([...nodes.values()].map((node) => node.client.close()));
    },
  };
}

function createNode(made: EslNodeOptions, options: EslSwitchOptions): Node {
  const { logger, random = Math.random, now = Date.now } = options;
  const { host, port, password } = made;
  return {
    id: made.id,
    client: createEslClient({ host, port, password, subscribe: SUBSCRIPTION, logger, random }),
    logger,
    now,
    trunk: options.trunk,
    endsLogged: endsLogged(made),
    legs: createLegs(),
    registrations: new Map(),
    away: new Map(),
    phase: 'down',
    connection: 0,
    buffered: [],
    emit: () => {},
    known: () => [],
  };
}

function endsLogged({ legLogFile, legLogFolder }: EslNodeOptions): EndsLogged {
  if (legLogFile !== undefined) return (legs) => readLegLog(legLogFile, legs);
  if (legLogFolder !== undefined) return (legs) => readCallDetails(legLogFolder, legs);
  return async () => new Map();
}

function startNode(node: Node, emit: Node['emit'], known: () => readonly LegId[]): void {
  node.emit = emit;
  node.known = known;
  node.client.start({
    up: () => {
      node.connection += 1;
      node.phase = 'surveying';
      node.buffered = [];
      void surveyAndGoOn(node);
    },
    event: (event) => hear(node, event),
    down: () => {
      const told = node.phase === 'ready';
      node.phase = 'down';
      node.buffered = [];
      node.away.clear();
      if (told) tell(node, { type: 'nodeLost' });
    },
    gone: () => void tellGone(node),
  });
}

/** A switch whose process is gone holds nothing: said as a survey of another life, so that nobody stays on a call that is over. */
async function tellGone(node: Node): Promise<void> {
  const known = node.known();
  if (known.length === 0) return;
  const ended = await endsOf(node, known);
  if (node.phase !== 'down') return;
  for (const leg of known) forget(node.legs, leg);
  tell(node, { type: 'surveyed', survey: { bootId: `gone ${node.connection}`, legs: [], devices: [], ended } });
  tell(node, { type: 'nodeLost' });
}

function hear(node: Node, event: EslEvent): void {
  if (node.phase === 'ready') return translate(node, event);
  if (node.buffered.length < BUFFERED_MAX) node.buffered.push(event);
  else node.client.reconnect('too many events behind a survey');
}

async function surveyAndGoOn(node: Node): Promise<void> {
  const { connection } = node;
  const told = await survey(node);
  if (node.connection !== connection) return;
  if (!told) return node.phase === 'surveying' ? node.client.reconnect('survey refused') : undefined;
  for (const event of node.buffered.splice(0)) translate(node, event);
  for (const afterMs of LOOK_AGAIN_MS) {
    const timer = setTimeout(() => {
      if (node.connection === connection) void lookAgain(node);
    }, afterMs);
    timer.unref();
  }
}
