import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HOST = '127.0.0.1';

export interface LineWeather {
  /** Share of RTP packets that never arrive, 0..1. */
  readonly loss: number;
  /** Each packet is late by 0 to this many ms: packets overtake one another. */
  readonly jitterMs: number;
  /** Chance that is the same in every run. */
  readonly seed: number;
}

/** Between one phone and the switch: signalling passes untouched but for the addresses of the sound, which goes through bad weather. */
export interface LossyLine {
  /** `host:port` to call instead of the switch. */
  readonly address: string;
  /** RTP packets, [phone to switch, switch to phone]. */
  readonly came: readonly [number, number];
  readonly lost: readonly [number, number];
  /** How often a packet left after one that came later. */
  readonly overtaken: readonly [number, number];
  close(): void;
}

export async function openLossyLine(server: string, weather: LineWeather): Promise<LossyLine> {
  const [serverHost, serverPort] = server.split(':');
  const [sip, toSwitch, toPhone] = [await bound(), await bound(), await bound()];
  const far: { phoneSip?: number; phoneRtp?: number; switchRtp?: number } = {};
  const counts = { came: [0, 0], lost: [0, 0], overtaken: [0, 0] } as Record<
    'came' | 'lost' | 'overtaken',
    [number, number]
  >;
  let chance = weather.seed >>> 0;
  const draw = (): number => {
    chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
    return chance / 2 ** 32;
  };
  sip.on('message', (data, from) => {
    const fromSwitch = from.port === Number(serverPort);
    if (!fromSwitch) far.phoneSip = from.port;
    const media = fromSwitch ? toPhone : toSwitch;
    const { text, port } = withPort(data.toString('latin1'), media.address().port);
    if (port !== undefined) far[fromSwitch ? 'switchRtp' : 'phoneRtp'] = port;
    const to = fromSwitch ? far.phoneSip : Number(serverPort);
    if (to !== undefined) sip.send(Buffer.from(text, 'latin1'), to, serverHost);
  });
  const carry = (way: 0 | 1, out: Socket, port: () => number | undefined) => {
    let newest = 0;
    let order = 0;
    return (data: Buffer): void => {
      counts.came[way] += 1;
      const number = ++order;
      if (draw() < weather.loss) {
        counts.lost[way] += 1;
        return;
      }
      setTimeout(() => {
        const to = port();
        if (to === undefined) return;
        if (number < newest) counts.overtaken[way] += 1;
        newest = Math.max(newest, number);
        out.send(data, to, HOST, () => {});
      }, draw() * weather.jitterMs);
    };
  };
  toPhone.on(
    'message',
    carry(0, toSwitch, () => far.switchRtp),
  );
  toSwitch.on(
    'message',
    carry(1, toPhone, () => far.phoneRtp),
  );
  return {
    ...counts,
    address: `${HOST}:${sip.address().port}`,
    close: () => {
      for (const socket of [sip, toSwitch, toPhone]) socket.close();
    },
  };
}

/** The description's port exchanged for ours. */
function withPort(text: string, ours: number): { readonly text: string; readonly port: number | undefined } {
  const found = /^m=audio (\d+) /m.exec(text);
  if (found === null) return { text, port: undefined };
  const [head = '', body = ''] = text.split(/\r\n\r\n([\s\S]*)/);
  const changed = body.replace(/^m=audio \d+ /m, `m=audio ${ours} `);
  return {
    text: `${head.replace(/^((?:Content-Length|l): *)\d+/im, (_, name) => `${name}${changed.length}`)}\r\n\r\n${changed}`,
    port: Number(found[1]),
  };
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, HOST);
  await once(socket, 'listening');
  socket.on('error', () => {});
  return socket;
}
