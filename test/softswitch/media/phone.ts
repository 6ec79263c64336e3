import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Codec, decode, encode, PAYLOAD_TYPE } from '../../../src/softswitch/rtp/g711.ts';
import { readRtp, writeRtp } from '../../../src/softswitch/rtp/packet.ts';

/** A far end with a real socket: says a tone, keeps what it hears. */
export interface Phone {
  readonly socket: Socket;
  readonly codec: Codec;
  readonly port: number;
  /** Where it sends; set when its leg is open. */
  target: { ip: string; port: number };
  /** Hz; 0: digital silence, undefined: sends nothing. */
  says: number | undefined;
  /** Keys heard, by timestamp of the event. */
  readonly keys: Map<number, number>;
  /** Sound heard, in the order of arrival. */
  heard: Int16Array[];
  packetsHeard: number;
  /** One key of 100 ms, its end three times. */
  press(key: number): void;
  /** Packets of a tone, all at once. */
  burst(hz: number, packets: number): void;
  close(): void;
}

const AMPLITUDE = 8000;
export const EVENT_PAYLOAD = 101;

export async function openPhone(codec: Codec = 'PCMA', ip = '127.0.0.1'): Promise<Phone> {
  const socket = createSocket('udp4');
  socket.bind(0, ip);
  await once(socket, 'listening');
  const numbers = { sequence: 7, sample: 0 };
  const send = (payloadType: number, payload: Uint8Array, timestamp: number): void => {
    const datagram = Buffer.alloc(12 + payload.length);
    numbers.sequence += 1;
    writeRtp(datagram, { payloadType, marker: false, sequence: numbers.sequence, timestamp, ssrc: 4711 }, payload);
    if (phone.target.port > 0) socket.send(datagram, phone.target.port, phone.target.ip);
  };
  const phone: Phone = {
    socket,
    codec,
    port: socket.address().port,
    target: { ip: '127.0.0.1', port: 0 },
    says: undefined,
    keys: new Map(),
    heard: [],
    packetsHeard: 0,
    press: (key) => {
      for (const [flags, frames] of [
        [10, 1],
        [10, 3],
        [0x8a, 5],
        [0x8a, 5],
        [0x8a, 5],
      ] as const) {
        send(EVENT_PAYLOAD, Uint8Array.of(key, flags, (frames * 160) >> 8, (frames * 160) & 255), numbers.sample);
      }
    },
    burst: (hz, packets) => {
      for (let n = 0; n < packets; n++) {
        send(PAYLOAD_TYPE[codec], encode(codec, tone(hz, n * 160)), numbers.sample + n * 160);
      }
    },
    close: () => {
      clearInterval(timer);
      socket.close();
    },
  };
  socket.on('message', (datagram) => hear(phone, datagram));
  const startMs = performance.now();
  const timer = setInterval(() => {
    for (const due = (performance.now() - startMs) * 8; numbers.sample < due; numbers.sample += 160) {
      if (phone.says === undefined) continue;
      send(PAYLOAD_TYPE[codec], encode(codec, tone(phone.says, numbers.sample)), numbers.sample);
    }
  }, 10);
  return phone;
}

/** All that was heard since the last call. */
export function drain(phone: Phone): Int16Array {
  const heard = Int16Array.from(phone.heard.flatMap((frame) => [...frame]));
  phone.heard = [];
  return heard;
}

export function tone(hz: number, from: number, length = 160): Int16Array {
  return Int16Array.from({ length }, (_, n) => AMPLITUDE * Math.sin((2 * Math.PI * hz * (from + n)) / 8000));
}

function hear(phone: Phone, datagram: Uint8Array): void {
  const packet = readRtp(datagram);
  if (!packet) return;
  phone.packetsHeard += 1;
  if (packet.payloadType === EVENT_PAYLOAD) {
    phone.keys.set(packet.timestamp, packet.payload[0]!);
    return;
  }
  if (packet.payloadType !== PAYLOAD_TYPE[phone.codec]) return;
  const samples = new Int16Array(packet.payload.length);
  decode(phone.codec, packet.payload, samples);
  phone.heard.push(samples);
}
