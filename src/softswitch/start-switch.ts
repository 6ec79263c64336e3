import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { serviceNumber } from '../lib/phone-number.ts';
import { replaceFileNow } from '../lib/replace-file.ts';
import { runOnPort } from './answer.ts';
import { runApi } from './api.ts';
import { upTime } from './api-show.ts';
import { APPLICATIONS } from './application-table.ts';
import type { Board, EventPort } from './board.ts';
import { type Directory, openDirectory } from './directory.ts';
import { eventForLeg } from './eavesdrop.ts';
import { HEARTBEAT_MS, SHUTTING_DOWN } from './esl/dialect.ts';
import { createRoughPace, createSmoothPace } from './esl/pace.ts';
import { createEventSocket, type EventSocket } from './esl/server.ts';
import type { SwitchCommands } from './esl/switch-commands.ts';
import { createEventPort } from './event-port.ts';
import { hangUp } from './hang-up.ts';
import { mediaReported, sipHappened } from './happenings.ts';
import { openLegLog } from './leg-log.ts';
import type { MediaOptions, MediaReport, MediaWish } from './media/messages.ts';
import type { SwitchOptions } from './options.ts';
import { keepRegistrations, loadRegistrations, saveRegistrations } from './registrations.ts';
import { sendMessage } from './send-message.ts';
import { isWebSocket } from './sip/flow.ts';
import type { SipHappening, UserAgent, UserAgentOptions } from './sip/user-agent.ts';
import { type DrivenUserAgent, driveUserAgent } from './sip-port.ts';
import { inNetwork } from './sip-sockets.ts';
import { openSwitchSockets, type SwitchSockets } from './switch-sockets.ts';
import { createWebCallers } from './web-callers.ts';
import type { PeerNews, PeersPort } from './webrtc/keep-peers.ts';
import { peerReported, relayIpOf } from './webrtc/legs.ts';
import type { PeerOptions } from './webrtc/messages.ts';
import { createSecure } from './webrtc/secure.ts';

/** How long the goodbyes may take. */
const LEAVE_MS_MAX = 3000;
const LEAVE_STEP_MS = 20;
/** More than are opened while the media's thread is at its turn of all legs. */
const SPARE_PORTS = 16;

/** The two layers that the switch stands on. */
export interface Layers {
  createUserAgent(options: UserAgentOptions): UserAgent;
  startMedia(options: MediaOptions, report: (report: MediaReport) => void): MediaPort;
  keepPeers(options: PeerOptions, heard: (news: PeerNews) => void, log: Logger): PeersPort;
}

export interface MediaPort {
  apply(wish: MediaWish): void;
  /** Every file and port closed. */
  close(): Promise<void>;
}

export interface RunningSwitch {
  /** SHUTDOWN, every leg ended with SYSTEM_SHUTDOWN, sockets closed. */
  stop(): Promise<void>;
}

/** Opens everything and writes the status file when calls and clients may come. */
export async function startSwitch(options: SwitchOptions, layers: Layers, log: Logger): Promise<RunningSwitch> {
  const password = readFileSync(options.eslPasswordFile, 'utf8').trim();
  const directory = openDirectory(options.directoryFile, password, options.realm, log);
  const legLog = openLegLog(options.legLogFile, (error) => log.error({ error }, 'leg log'));
  const pace = options.roughSeed === undefined ? createSmoothPace() : createRoughPace(options.roughSeed);
  const bootId = randomUUID();
  let socket: EventSocket | undefined;
  let sockets: SwitchSockets | undefined;
  const events = createEventPort(bootId, pace, () => socket);
  const localAddress: Board['sip']['localAddress'] = (flow) =>
    sockets?.localAddress(flow) ?? { ip: options.sip.host, port: options.sip.port };
  const agent = layers.createUserAgent(userAgentOptions(options, directory, localAddress));
  const sip = driveUserAgent(
    agent,
    () => sockets,
    localAddress,
    (happening) => {
      sipHappened(board, happening);
      welcomeBrowser(board, happening, sockets);
      if (happening.kind === 'registered' || happening.kind === 'unregistered') kept.changed();
    },
  );
  const kept = keepRegistrations(() => writeRegistrations(board));
  const mediaPort = layers.startMedia(mediaOptions(options), (report) => mediaReported(board, report));
  const peers = layers.keepPeers(
    peerOptions(options),
    (news) => peerReported(board, news, (leg) => runOnPort(board, leg)),
    log,
  );
  const board: Board = {
    media: (wish) => mediaPort.apply(wish),
    secureFor: (flow) => (sockets && isWebSocket(flow) ? createSecure(sockets.iceAddresses(flow)) : undefined),
    ...{ options, bootId, sip, peers, events, pace, log, directory, legLog },
    webCallers: createWebCallers(),
    startedAtMs: Date.now(),
    sparePorts: [],
    legs: new Map(),
    rooms: new Map(),
    dials: new Map(),
    counters: { legs: 0, rooms: 0, legsPeak: 0 },
    applications: APPLICATIONS,
    hangUp: (leg, cause) => hangUp(board, leg, cause),
    leaving: false,
  };
  const commands = commandsOf(board);
  const complain = (why: string): void => log.warn({ why }, 'event-socket client cut off');
  socket = createEventSocket({ password, commands, pace, publish: events.publish, complain });
  agent.restore(loadRegistrations(options.registrationsFile), Date.now());
  directory.onChange(() => sip.keepOnly(directory.has));
  sockets = await openSwitchSockets(options, sip, log);
  const eslPort = await socket.listen(options.esl.host, options.esl.port);
  const heart = setInterval(() => beat(board, events), HEARTBEAT_MS);
  tellReady(board, sockets, eslPort);
  const close = async (): Promise<void> => {
    clearInterval(heart);
    await leave(board, sip, socket, mediaPort);
    peers.close();
    sockets?.close();
    kept.close();
    directory.close();
    legLog.close();
  };
  let closing: Promise<void> | undefined;
  return {
    stop: () => {
      closing ??= close();
      return closing;
    },
  };
}

function commandsOf(board: Board): SwitchCommands {
  return {
    api: (name, argument) => runApi(board, name, argument),
    message: (leg, headers, body) => sendMessage(board, leg, headers, body),
    event: (leg, headers) => eventForLeg(board, leg, headers),
  };
}

/** The status file, with the ports that were chosen. */
function tellReady({ options, bootId, log }: Board, sockets: SwitchSockets, eslPort: number): void {
  const ports = {
    sip: `${options.sip.host}:${sockets.port}`,
    ...(options.ws && { ws: `${options.ws.host}:${sockets.wsPort}` }),
    esl: `${options.esl.host}:${eslPort}`,
  };
  mkdirSync(dirname(options.statusFile), { recursive: true });
  replaceFileNow(options.statusFile, JSON.stringify({ pid: process.pid, bootId, ...ports }), 'crash');
  log.info(ports, 'switch ready');
}

/** A seat at a browser, or a caller: its connection may stay, and its sound will soon be wanted. */
function welcomeBrowser(board: Board, happening: SipHappening, sockets: SwitchSockets | undefined): void {
  if (happening.kind !== 'registered' && happening.kind !== 'incoming') return;
  const flow = happening.kind === 'registered' ? happening.registration.flow : happening.flow;
  if (!isWebSocket(flow)) return;
  sockets?.trust(flow);
  board.peers.warm();
}

function userAgentOptions(
  options: SwitchOptions,
  directory: Pick<Directory, 'credentialOf' | 'guiseOf'>,
  localAddress: UserAgentOptions['localAddress'],
): UserAgentOptions {
  return {
    realm: options.realm,
    secret: randomBytes(32),
    random: (bytes) => randomBytes(bytes),
    localAddress,
    trunkOf: (ip) => options.trunks.find((trunk) => trunk.from.some((network) => inNetwork(ip, network)))?.name,
    mayDial: (name, number) => {
      const forms = [number, serviceNumber(number)];
      return options.trunks.some((trunk) => trunk.name === name && trunk.numbers.some((each) => forms.includes(each)));
    },
    credentialOf: directory.credentialOf,
    guiseOf: directory.guiseOf,
    callsMax: options.callsMax,
  };
}

function mediaOptions(options: SwitchOptions): MediaOptions {
  return {
    bindIp: options.sip.host,
    portMin: options.rtpPortMin,
    portMax: options.rtpPortMax,
    musicFile: options.musicFile,
    playFolders: [options.promptFolder, options.recordingFolder, dirname(options.apologyFile)],
    recordFolder: options.recordingFolder,
    spares: SPARE_PORTS,
  };
}

function peerOptions(options: SwitchOptions): PeerOptions {
  return {
    relayIp: relayIpOf(options.sip.host),
    portMin: options.rtpPortMin,
    portMax: options.rtpPortMax,
    peersMax: options.callsMax,
  };
}

/** A disk that refuses costs the phones a registration, not the calls. */
function writeRegistrations({ options, sip, log }: Board): void {
  try {
    saveRegistrations(options.registrationsFile, sip.registrations());
  } catch (error) {
    log.error({ error }, 'registrations not kept');
  }
}

function beat(board: Board, events: EventPort): void {
  const upMs = Date.now() - board.startedAtMs;
  events.publish(
    'HEARTBEAT',
    [
      ['Event-Info', 'System Ready'],
      ['Up-Time', upTime(upMs)],
      ['FreeSWITCH-Version', '1.10.12-minhu'],
      ['Uptime-msec', String(upMs)],
      ['Session-Count', String(board.legs.size)],
      ['Max-Sessions', String(board.options.callsMax)],
      ['Session-Since-Startup', String(board.counters.legs)],
      ['Session-Peak-Max', String(board.counters.legsPeak)],
    ],
    { lane: 'switch' },
  );
}

async function leave(
  board: Board,
  sip: DrivenUserAgent,
  socket: EventSocket | undefined,
  media: MediaPort,
): Promise<void> {
  board.leaving = true;
  board.events.publish('SHUTDOWN', [['Event-Info', 'System Shutting Down']], { lane: 'switch' });
  for (const leg of [...board.legs.values()]) board.hangUp(leg, 'SYSTEM_SHUTDOWN');
  const deadlineMs = Date.now() + LEAVE_MS_MAX;
  while ((board.legs.size > 0 || sip.callCount() > 0) && Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, LEAVE_STEP_MS));
  }
  board.pace.flush();
  await socket?.close(SHUTTING_DOWN);
  await media.close();
  sip.stop();
}
