// Softphones in a page, by JsSIP: what an agent's desk does with its telephone, driven from outside through `window.phones`.
import JsSIP from 'jssip';
import { toneMeter } from '../e2e/tone.ts';
import { openEar, openMouth } from './page-sound.mjs';

const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const pcConfig = { iceServers: [] };

/** The first is there with the page, and speaks by the browser's microphone. */
window.phones = [createPhone()];

/** One whose microphone is a tone of its own. Resolves with its place in `phones`. */
window.addPhone = (speaksHz) => window.phones.push(createPhone(openMouth(speaksHz))) - 1;

function createPhone(mediaStream) {
  const log = [];
  const waiting = new Set();
  let agent;
  let session;
  const ear = openEar();
  const media = () => ({
    ...(mediaStream === undefined ? { mediaConstraints: { audio, video: false } } : { mediaStream }),
    pcConfig,
  });

  function note(what, more = {}) {
    const noted = { what, atMs: performance.now(), ...more };
    log.push(noted);
    for (const look of waiting) look(noted);
  }

  /** A call that this seat was in and lost: the page answers by itself, and gives up what is left of the older one. */
  function resume(arrived, request) {
    const former = session;
    session = arrived;
    if (former !== undefined && !former.isEnded()) former.terminate();
    note('resumes', { contact: request.getHeader('X-Minhu-Contact') });
    arrived.answer(media());
  }

  function adopt({ session: arrived, originator, request }) {
    const resumes = originator === 'remote' && request.getHeader('X-Minhu-Resume') === 'true';
    if (!resumes) session = arrived;
    note('session', {
      originator,
      from: arrived.remote_identity?.uri?.user,
      name: arrived.remote_identity?.display_name,
    });
    for (const event of ['progress', 'accepted', 'confirmed', 'hold', 'unhold', 'reinvite']) {
      arrived.on(event, (data) => note(event, { originator: data?.originator }));
    }
    for (const event of ['ended', 'failed']) {
      arrived.on(event, (data) => note(event, { originator: data.originator, cause: data.cause }));
    }
    if (arrived.connection) listen(arrived.connection);
    else arrived.on('peerconnection', ({ peerconnection }) => listen(peerconnection));
    if (resumes) resume(arrived, request);
  }

  function listen(connection) {
    connection.addEventListener('connectionstatechange', () => note('media', { state: connection.connectionState }));
    connection.addEventListener('iceconnectionstatechange', () =>
      note('ice', { state: connection.iceConnectionState }),
    );
    connection.addEventListener('track', ({ streams, track }) => {
      note('track');
      ear.hear(streams[0] ?? new MediaStream([track]), connection);
    });
  }

  return {
    log: () => log,
    /** Resolves with the first such note, there already or to come. */
    noted: ({ what, more, withinMs }) =>
      new Promise((resolve, reject) => {
        const look = (note) => {
          if (note.what !== what || Object.entries(more).some(([key, value]) => note[key] !== value)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(note);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no ${what} ${JSON.stringify(more)}; noted ${JSON.stringify(log)}`));
        }, withinMs);
        waiting.add(look);
        for (const former of log) if (waiting.has(look)) look(former);
      }),
    register: ({ url, user, password, host }) =>
      new Promise((resolve, reject) => {
        const socket = new JsSIP.WebSocketInterface(url);
        agent = new JsSIP.UA({
          ...{ sockets: [socket], uri: `sip:${user}@${host}`, password, session_timers: true, register: true },
          no_answer_timeout: 600,
          ...{ connection_recovery_min_interval: 1, connection_recovery_max_interval: 2 },
        });
        agent.on('registered', () => {
          note('registered');
          resolve();
        });
        agent.on('registrationFailed', ({ cause }) => reject(new Error(cause)));
        agent.on('disconnected', () => note('disconnected'));
        agent.on('newRTCSession', adopt);
        agent.start();
      }),
    unregister: () => agent.unregister(),
    // FreeSWITCH takes no less (RFC 4028 §5).
    call: (target) => void agent.call(target, { ...media(), sessionTimersExpires: 120 }),
    answer: () => session.answer(media()),
    hangUp: () => session.terminate(),
    hold: () => session.hold(),
    unhold: () => session.unhold(),
    mute: () => session.mute({ audio: true }),
    press: (digits) => session.sendDTMF(digits, { transportType: 'RFC2833', duration: 120, interToneGap: 80 }),
    inform: (digits) => session.sendDTMF(digits, { transportType: 'INFO' }),
    /** Resolves when the switch has answered with a transport of its own anew. */
    restartIce: () =>
      new Promise((resolve) => session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, resolve)),
    /** Samples at 8 kHz heard since the last time, base64 of 16 bits each. */
    heard: () => ear.heard(),
    /** Resolves when this tone and nothing else was heard for so long in a row, from now on; else with what the ear knows. */
    hears: async ({ hz, seconds, withinMs }) => {
      const meter = toneMeter(hz);
      return (await ear.until((heard) => meter.listen(heard) >= seconds, withinMs))
        ? undefined
        : { lately: meter.line.slice(-10), ...(await ear.told()) };
    },
    told: async () => ({ ...(await ear.told()), noted: log.slice(-20) }),
    way: async () => {
      const { connection } = session;
      const stats = await connection.getStats();
      const transport = [...stats.values()].find(({ type }) => type === 'transport');
      const pair = stats.get(transport?.selectedCandidatePairId);
      const nameIn = ({ sdp }) => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
      return {
        ...{ state: connection.connectionState, port: stats.get(pair?.remoteCandidateId)?.port },
        ...{ local: nameIn(connection.localDescription), remote: nameIn(connection.remoteDescription) },
      };
    },
    remoteSdp: () => session.connection.remoteDescription.sdp,
  };
}
