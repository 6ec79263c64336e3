// RTP of the benchmarks: every phone that talks sends a packet each 20 ms with the moment of sending in it, and hears those of the other.
import { createSocket } from 'node:dgram';

const PACKET_MS = 20;
/** Phones of a city do not speak in step: each has its own of so many moments within 20 ms. */
const SLOTS = 20;
const HEADER_BYTES = 12;
const PAYLOAD_BYTES = 160;
/** Byte of a packet that is 1 while packets are counted; before it the moment of sending, after it a number of its own. */
export const MARK_AT = HEADER_BYTES + 8;
/** A moment later than this is skipped, as a phone that was held up would. */
const CATCH_UP_MAX = 5 * SLOTS;

/**
 * @param controls pairs of phones that speak to each other without a switch between: what they measure is this generator's own delay.
 */
export async function createVoice(controls = 10) {
  const phones = new Map();
  const slots = Array.from({ length: SLOTS }, () => new Set());
  const heard = { switched: [], direct: [] };
  const counts = { sent: 0, directSent: 0 };
  let counting = false;
  let opened = 0;
  let drawn = 0;
  let next = 0;
  let timer;
  const from = performance.now();
  const direct = await openDirect();
  wake();

  function wake() {
    const due = Math.floor(((performance.now() - from) * SLOTS) / PACKET_MS);
    if (due - next > CATCH_UP_MAX) next = due - CATCH_UP_MAX;
    for (; next <= due; next++) for (const phone of slots[next % SLOTS]) if (phone.connected) speak(phone);
    timer = setTimeout(wake, Math.max(0, from + (next * PACKET_MS) / SLOTS - performance.now()));
  }

  function speak(phone) {
    const packet = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES, 0xd5);
    packet[0] = 0x80;
    packet[1] = 8;
    packet.writeUInt16BE(phone.sequence++ & 0xffff, 2);
    packet.writeUInt32BE((phone.sequence * PAYLOAD_BYTES) >>> 0, 4);
    packet.writeUInt32BE(phone.source, 8);
    packet[MARK_AT] = counting ? 1 : 0;
    if (counting) counts[phone.direct ? 'directSent' : 'sent'] += 1;
    packet.writeUInt32BE(drawn++, MARK_AT + 1);
    packet.writeDoubleBE(performance.now(), HEADER_BYTES);
    phone.socket.send(packet);
  }

  async function openPhone(direct) {
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
    await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const times = direct ? heard.direct : heard.switched;
    const phone = { sequence: 0, connected: false, heardAtMs: performance.now(), gapMs: 0 };
    socket.on('message', (packet) => {
      // Music and prompts carry no mark.
      if (packet.length !== HEADER_BYTES + PAYLOAD_BYTES || packet[MARK_AT] !== 1) return;
      const atMs = performance.now();
      times.push(atMs - packet.readDoubleBE(HEADER_BYTES));
      phone.gapMs = Math.max(phone.gapMs, atMs - phone.heardAtMs);
      phone.heardAtMs = atMs;
    });
    socket.on('error', () => {});
    const source = Math.floor(Math.random() * 2 ** 32);
    Object.assign(phone, { socket, source, direct, slot: slots[opened++ % SLOTS] });
    phone.slot.add(phone);
    return phone;
  }

  function speakTo(phone, to) {
    if (to === undefined || phone.connected) return;
    phone.socket.connect(to.port, to.host, () => {
      phone.connected = true;
    });
  }

  function closePhone(phone) {
    phone.connected = false;
    phone.slot.delete(phone);
    phone.socket.close();
  }

  async function openDirect() {
    const all = await Promise.all(Array.from({ length: 2 * controls }, () => openPhone(true)));
    for (const [n, phone] of all.entries())
      speakTo(phone, { host: '127.0.0.1', port: all[n ^ 1].socket.address().port });
    return all;
  }

  return {
    /** @returns the phone's port; with a description, it speaks there from now on. */
    async open(callId, body) {
      const phone = await openPhone(false);
      phones.set(callId, phone);
      speakTo(phone, body && addressIn(body));
      return phone.socket.address().port;
    },
    portOf: (callId) => phones.get(callId)?.socket.address().port,
    sendTo(callId, body) {
      const phone = phones.get(callId);
      if (phone !== undefined) speakTo(phone, addressIn(body));
    },
    close(callId) {
      const phone = phones.get(callId);
      if (phone !== undefined) closePhone(phone);
      phones.delete(callId);
    },
    /** From now on every packet is marked and counted. */
    count(on) {
      counting = on;
    },
    /** From now on the longest silence of each phone is looked for. */
    watchGaps() {
      for (const phone of [...phones.values(), ...direct])
        Object.assign(phone, { heardAtMs: performance.now(), gapMs: 0 });
    },
    /** @returns the longest silence, in ms, that one of these phones heard, one that lasts still among them; and one of those without a switch. */
    gaps(callIds) {
      const nowMs = performance.now();
      const longest = (all) => Math.max(0, ...all.map(({ gapMs, heardAtMs }) => Math.max(gapMs, nowMs - heardAtMs)));
      return { switched: longest(callIds.flatMap((callId) => phones.get(callId) ?? [])), direct: longest(direct) };
    },
    counted: () => ({
      sent: counts.sent,
      heardMs: heard.switched,
      directSent: counts.directSent,
      directMs: heard.direct,
    }),
    end() {
      clearTimeout(timer);
      for (const phone of [...phones.values(), ...direct]) phone.socket.close();
    },
  };
}

/** A session description: PCMA, on this port (9: none). */
export function describe(port = 9) {
  return `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n`;
}

function addressIn(body) {
  const port = Number(/^m=audio (\d+)/m.exec(body)?.[1]);
  const host = /^c=IN IP4 (\S+)/m.exec(body)?.[1] ?? '127.0.0.1';
  return port > 0 ? { host, port } : undefined;
}
