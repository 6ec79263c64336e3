// A softphone in a page, by JsSIP: what an agent's desk does with its telephone, driven from outside through `window.phone`.
import JsSIP from 'jssip';

const log = [];
const note = (what, more = {}) => log.push({ what, atMs: performance.now(), ...more });
const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
let agent;
let session;
let heard = [];
/** What records now. Held here, or it would be collected. */
let tapped;

/** A call that this seat was in and lost: the page answers by itself, and gives up what is left of the older one. */
function resume(arrived, request) {
  const former = session;
  session = arrived;
  if (former !== undefined && !former.isEnded()) former.terminate();
  note('resumes', { contact: request.getHeader('X-Minhu-Contact') });
  arrived.answer({ mediaConstraints: { audio, video: false }, pcConfig: { iceServers: [] } });
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
  connection.addEventListener('track', ({ streams, track }) => {
    note('track');
    record(streams[0] ?? new MediaStream([track]));
  });
}

/** A track comes anew when a hold ends: the former tap would hear it too. Chromium feeds a remote stream to Web Audio only while an element plays it too. */
function record(stream) {
  void tapped?.context.close();
  const element = new Audio();
  element.srcObject = stream;
  element.muted = true;
  void element.play();
  const context = new AudioContext({ sampleRate: 8000 });
  const source = context.createMediaStreamSource(stream);
  const tap = context.createScriptProcessor(1024, 1, 1);
  tap.onaudioprocess = ({ inputBuffer }) =>
    heard.push(Int16Array.from(inputBuffer.getChannelData(0), (x) => x * 32767));
  source.connect(tap);
  tap.connect(context.destination);
  tapped = { element, context, source, tap };
}

window.phone = {
  log: () => log,
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
  call: (target) =>
    void agent.call(target, {
      ...{ mediaConstraints: { audio, video: false }, pcConfig: { iceServers: [] } },
      // FreeSWITCH takes no less (RFC 4028 §5).
      sessionTimersExpires: 120,
    }),
  answer: () => session.answer({ mediaConstraints: { audio, video: false }, pcConfig: { iceServers: [] } }),
  hangUp: () => session.terminate(),
  hold: () => session.hold(),
  unhold: () => session.unhold(),
  mute: () => session.mute({ audio: true }),
  press: (digits) => session.sendDTMF(digits, { transportType: 'RFC2833', duration: 120, interToneGap: 80 }),
  inform: (digits) => session.sendDTMF(digits, { transportType: 'INFO' }),
  /** Samples at 8 kHz heard since the last time, base64 of 16 bits each. */
  heard: () => {
    const all = heard;
    heard = [];
    return btoa(all.map((part) => String.fromCharCode(...new Uint8Array(part.buffer))).join(''));
  },
  stats: async () => [...(await session.connection.getStats()).values()],
  remoteSdp: () => session.connection.remoteDescription.sdp,
};
