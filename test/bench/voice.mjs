// RTP of the benchmarks: every phone that talks sends a packet each 20 ms with the moment of sending in it, and hears those of the other.
import { createSocket } from 'node:dgram';

const PACKET_MS = 20;
const HEADER_BYTES = 12;
const PAYLOAD_BYTES = 160;

export function createVoice() {
  const phones = new Map();
  const heardMs = [];
  let counting = false;
  let sent = 0;
  let heard = 0;
  const timer = setInterval(() => {
    for (const phone of phones.values()) if (phone.to !== undefined) speak(phone);
  }, PACKET_MS);

  function speak(phone) {
    const packet = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES, 0xd5);
    packet[0] = 0x80;
    packet[1] = 8;
    packet.writeUInt16BE(phone.sequence++ & 0xffff, 2);
    packet.writeUInt32BE((phone.sequence * PAYLOAD_BYTES) >>> 0, 4);
    packet.writeUInt32BE(phone.source, 8);
    packet.writeDoubleBE(performance.now(), HEADER_BYTES);
    packet[HEADER_BYTES + 8] = counting ? 1 : 0;
    if (counting) sent += 1;
    phone.socket.send(packet, phone.to.port, phone.to.host);
  }

  return {
    /** @returns the phone's port; with a description, where it speaks to. */
    async open(callId, body) {
      const socket = createSocket('udp4');
      await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
      socket.on('message', (packet) => {
        // Music and prompts carry no mark.
        if (packet.length !== HEADER_BYTES + PAYLOAD_BYTES || packet[HEADER_BYTES + 8] !== 1) return;
        heard += 1;
        heardMs.push(performance.now() - packet.readDoubleBE(HEADER_BYTES));
      });
      phones.set(callId, {
        socket,
        sequence: 0,
        source: Math.floor(Math.random() * 2 ** 32),
        to: body && addressIn(body),
      });
      return socket.address().port;
    },
    portOf: (callId) => phones.get(callId)?.socket.address().port,
    sendTo(callId, body) {
      const phone = phones.get(callId);
      if (phone !== undefined) phone.to = addressIn(body);
    },
    close(callId) {
      phones.get(callId)?.socket.close();
      phones.delete(callId);
    },
    /** From now on every packet is marked and counted. */
    count(on) {
      counting = on;
    },
    counted: () => ({ sent, heard, heardMs }),
    end() {
      clearInterval(timer);
      for (const { socket } of phones.values()) socket.close();
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
