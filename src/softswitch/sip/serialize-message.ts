import { toBytes } from './characters.ts';
import { reasonOf, type SipRequest, type SipResponse } from './message.ts';

/** Content-Length is added here, always last. */
export function serialize(message: SipRequest | SipResponse): Uint8Array {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason === '' ? reasonOf(message.status) : message.reason}\r\n`;
  let head = start;
  for (const { name, value } of message.headers) head += `${name}: ${value}\r\n`;
  return toBytes(`${head}Content-Length: ${message.body.length}\r\n\r\n${message.body}`);
}
