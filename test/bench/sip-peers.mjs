// Callers and seats' phones of the benchmarks: one process, one clock. Audio is sent only by those who are told to.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createVoice, describe } from './voice.mjs';

const BUFFER_BYTES = 4 << 20;
/** RFC 3261 §17.1: UDP loses what a full buffer cannot hold; T1, doubled each time, and how often. */
const T1_MS = 500;
const RETRANSMISSIONS_MAX = 6;

/**
 * @param server `{host, port}` of the switch under test.
 * @returns phones that answer at once and callers that hang on until told.
 * @param audio every phone has a port for RTP and sends 20 ms packets while it talks; see `voice`.
 */
export async function openPeers(server, audio = false) {
  const seatSocket = await bind('127.0.0.1');
  const callers = await Promise.all(Array.from({ length: 16 }, (_, n) => bind(`127.0.0.${20 + n}`)));
  const heard = { invite: () => {}, answered: () => {}, refused: () => {}, ended: () => {} };
  /** Call-ID → dialog of a seat; seat → the call it is in. */
  const ofSeat = new Map();
  const talking = new Map();
  const calls = new Map();
  const pending = new Map();
  /** Branch of a request without any response → what sends it again. */
  const unanswered = new Map();
  /** Seat → when its phone registers again. */
  const renewals = new Map();
  let retransmitted = 0;
  const seatPort = seatSocket.address().port;
  let answerAfterMs = 0;
  let drawn = 0;
  const voice = audio ? await createVoice() : undefined;

  /** A request that is sent again until the switch responds. */
  function ask(socket, to, text) {
    const branch = branchOf(text);
    let left = RETRANSMISSIONS_MAX;
    const again = (waitMs) =>
      setTimeout(() => {
        if (left-- === 0) return unanswered.delete(branch);
        retransmitted += 1;
        send(socket, to, text);
        unanswered.set(branch, again(2 * waitMs));
      }, waitMs);
    unanswered.set(branch, again(T1_MS));
    send(socket, to, text);
  }

  function responded(message) {
    const branch = branchOf(message.header('via') ?? '');
    clearTimeout(unanswered.get(branch));
    unanswered.delete(branch);
  }

  seatSocket.on('message', (data, from) => {
    const atMs = performance.now();
    const message = parse(data);
    if (message.status !== undefined) responded(message);
    if (message.status !== undefined) return void pending.get(message.callId)?.(message);
    seatHears(message, from, atMs);
  });
  for (const socket of callers) socket.on('message', (data, from) => callerHears(socket, parse(data), from));

  function seatHears(request, from, atMs) {
    const reply = (status, phrase, more = '', body = '') =>
      send(
        seatSocket,
        from,
        response(request, status, phrase, `seat${request.callId}`, `sip:127.0.0.1:${seatPort}`, more, body),
      );
    switch (request.method) {
      case 'INVITE': {
        if (ofSeat.has(request.callId)) return reply(200, 'OK', '', describe(voice?.portOf(request.callId)));
        const seat = /^INVITE sip:([^@;]+)@/.exec(request.first)?.[1];
        ofSeat.set(request.callId, { request, from, seat });
        reply(180, 'Ringing');
        heard.invite(seat, atMs, lastFourOf(request.header('from')));
        const answer = async () => {
          if (!ofSeat.has(request.callId)) return;
          talking.set(seat, request.callId);
          const port = await voice?.open(request.callId, request.body);
          reply(200, 'OK', '', describe(port));
        };
        if (answerAfterMs === 0) void answer();
        else setTimeout(answer, answerAfterMs);
        return;
      }
      case 'CANCEL':
        reply(200, 'OK');
        return forgetSeat(request.callId);
      case 'BYE':
        reply(200, 'OK');
        return forgetSeat(request.callId);
      case 'ACK':
        return;
      default:
        reply(200, 'OK');
    }
  }

  function forgetSeat(callId) {
    const call = ofSeat.get(callId);
    if (call !== undefined && talking.get(call.seat) === callId) talking.delete(call.seat);
    ofSeat.delete(callId);
    voice?.close(callId);
  }

  function callerHears(socket, message, from) {
    if (message.status === undefined) {
      if (message.method === 'ACK') return;
      send(socket, from, response(message, 200, 'OK', 'caller', `sip:caller@${addressOf(socket)}`, '', ''));
      if (message.method === 'BYE') {
        calls.delete(message.callId);
        voice?.close(message.callId);
        heard.ended(message.callId);
      }
      return;
    }
    responded(message);
    const call = calls.get(message.callId);
    if (call === undefined || !message.cseq.endsWith('INVITE') || message.status < 200) return;
    const target = /<([^>]+)>/.exec(message.header('contact') ?? '')?.[1] ?? call.uri;
    const to = message.header('to');
    send(
      socket,
      server,
      request('ACK', message.status < 300 ? target : call.uri, { ...call, to, cseq: 1 }, socket, message.status < 300),
    );
    if (message.status >= 300) {
      calls.delete(message.callId);
      return heard.refused(message.status);
    }
    if (call.answered) return;
    Object.assign(call, { answered: true, to, target });
    voice?.sendTo(message.callId, message.body);
    heard.answered(message.callId, performance.now(), call.atMs);
  }

  async function keepRegistered(user, ha1) {
    const grantedS = await register(user, ha1);
    const again = () => keepRegistered(user, ha1).catch(() => {});
    // Each at its own moment of the second half, as phones that know nothing of each other do.
    renewals.set(user, setTimeout(again, grantedS * (0.5 + 0.4 * Math.random()) * 1_000).unref());
  }

  /** @returns for how many seconds. */
  async function register(user, ha1) {
    const callId = id();
    const base = { callId, from: `<sip:${user}@minhu>;tag=${id()}`, to: `<sip:${user}@minhu>` };
    const contact = `<sip:${user}@127.0.0.1:${seatPort}>`;
    const attempt = (cseq, more) =>
      new Promise((resolve) => {
        pending.set(callId, resolve);
        const headers = `Contact: ${contact}\r\nExpires: 600\r\n${more}`;
        ask(seatSocket, server, request('REGISTER', 'sip:minhu', { ...base, cseq }, seatSocket, true, headers));
      });
    const challenge = await attempt(1, '');
    const value = (name) => new RegExp(`${name}="?([^",]+)"?`).exec(challenge.header('www-authenticate'))?.[1];
    const cnonce = id();
    const ha2 = md5('REGISTER:sip:minhu');
    const answer = md5(`${ha1}:${value('nonce')}:00000001:${cnonce}:auth:${ha2}`);
    const proof = `Digest username="${user}", realm="minhu", nonce="${value('nonce')}", uri="sip:minhu", qop=auth, nc=00000001, cnonce="${cnonce}", response="${answer}", algorithm=MD5`;
    const taken = await attempt(2, `Authorization: ${proof}\r\n`);
    pending.delete(callId);
    if (taken.status !== 200) throw new Error(`${user} could not register: ${taken.first}`);
    return Number(/;expires=(\d+)/.exec(taken.header('contact') ?? '')?.[1] ?? 60);
  }

  return {
    seatPort,
    heard,
    talking,
    answerAfter: (ms) => {
      answerAfterMs = ms;
    },
    /** Digest, MD5. Resolves when the switch took it; from then on the phone registers again in time. */
    register: keepRegistered,
    /** A caller, from one of several addresses, so that no trunk's limit is met. */
    async call(number) {
      const socket = callers[drawn++ % callers.length];
      const callId = id();
      const uri = `sip:${number}@${server.host}:${server.port}`;
      const call = {
        callId,
        uri,
        from: `<sip:${13_800_000_000 + drawn}@127.0.0.1>;tag=${id()}`,
        to: `<${uri}>`,
        atMs: performance.now(),
        socket,
        answered: false,
      };
      calls.set(callId, call);
      const port = await voice?.open(callId);
      ask(
        socket,
        server,
        request(
          'INVITE',
          uri,
          { ...call, cseq: 1 },
          socket,
          true,
          `Contact: <sip:caller@${addressOf(socket)}>\r\n`,
          describe(port),
        ),
      );
      return callId;
    },
    /** What an agent's phone, which shows a number masked, tells of whose call this is: its last four digits. */
    lastFour: (callId) => lastFourOf(calls.get(callId)?.from),
    hangUp(callId) {
      const call = calls.get(callId);
      calls.delete(callId);
      voice?.close(callId);
      if (call?.answered)
        ask(call.socket, server, request('BYE', call.target, { ...call, cseq: 3 }, call.socket, true));
    },
    /** The agent puts the phone down. @returns when. */
    putDown(seat) {
      const callId = talking.get(seat);
      const { request: invite, from } = ofSeat.get(callId);
      const target = /<([^>]+)>/.exec(invite.header('contact'))?.[1] ?? `sip:${from.address}:${from.port}`;
      const dialog = { callId, from: `${invite.header('to')};tag=seat${callId}`, to: invite.header('from'), cseq: 2 };
      forgetSeat(callId);
      const atMs = performance.now();
      ask(seatSocket, from, request('BYE', target, dialog, seatSocket, true));
      return atMs;
    },
    /** One key, by SIP INFO (application/dtmf-relay). */
    press(callId, key) {
      const call = calls.get(callId);
      if (!call?.answered) return;
      const body = `Signal=${key}\r\nDuration=100\r\n`;
      const text = request(
        'INFO',
        call.target,
        { ...call, cseq: 2 },
        call.socket,
        true,
        'Content-Type: application/dtmf-relay\r\n',
        body,
      );
      ask(call.socket, server, text.replace('Content-Type: application/sdp\r\n', ''));
    },
    voice,
    open: () => calls.size,
    /** Requests that were sent again because no response came. */
    retransmitted: () => retransmitted,
    close() {
      for (const timer of [...unanswered.values(), ...renewals.values()]) clearTimeout(timer);
      seatSocket.close();
      for (const socket of callers) socket.close();
      voice?.end();
    },
  };
}

function bind(address) {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
    socket.once('error', reject);
    socket.bind(0, address, () => resolve(socket));
  });
}

function parse(data) {
  const text = data.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const [first = '', ...lines] = head.split('\r\n');
  const header = (name) =>
    lines
      .find((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
      ?.slice(name.length + 1)
      .trim();
  const status = first.startsWith('SIP/2.0 ') ? Number(first.slice(8, 11)) : undefined;
  return {
    first,
    status,
    method: first.split(' ')[0],
    lines,
    header,
    callId: header('call-id'),
    cseq: header('cseq') ?? '',
    body: end < 0 ? '' : text.slice(end + 4),
  };
}

function response(to, status, phrase, tag, contact, more, body) {
  const vias = to.lines.filter((line) => /^(via|record-route):/i.test(line)).join('\r\n');
  const toValue = to.header('to');
  const tagged = toValue.includes(';tag=') ? toValue : `${toValue};tag=${tag}`;
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
  return `SIP/2.0 ${status} ${phrase}\r\n${vias}\r\nFrom: ${to.header('from')}\r\nTo: ${tagged}\r\nCall-ID: ${to.callId}\r\nCSeq: ${to.cseq}\r\nContact: <${contact}>\r\n${more}${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function request(method, uri, { callId, from, to, cseq }, socket, fresh, more = '', body = '') {
  const branch = fresh ? id() : callId;
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
  return `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${addressOf(socket)};branch=z9hG4bK${method === 'INVITE' ? callId : branch};rport\r\nMax-Forwards: 70\r\nFrom: ${from}\r\nTo: ${to}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\n${more}${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function send(socket, to, text) {
  socket.send(text, to.port, to.address ?? to.host);
}

function lastFourOf(from = '') {
  return /<sip:[\d*]*(\d{4})@/.exec(from)?.[1];
}

function branchOf(text) {
  return /;branch=([^;,\s]+)/.exec(text)?.[1];
}

function addressOf(socket) {
  const { address, port } = socket.address();
  return `${address}:${port}`;
}

function id() {
  return randomBytes(8).toString('hex');
}

function md5(text) {
  return createHash('md5').update(text).digest('hex');
}
