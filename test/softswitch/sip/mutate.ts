import { type Chance, pick } from './virtual-wire.ts';

const SPLICES = [
  'Content-Length: 99999',
  'Content-Length: -1',
  'l: 0',
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK',
  'Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKx;maddr=224.0.0.1;ttl=300',
  'To: <sip:x@y>;tag=',
  'From: "\\',
  'CSeq: 4294967295 INVITE',
  'Contact: *',
  'Contact: <sip:@>',
  'Contact: <sip:a@127.0.0.1:99999>',
  'Contact: <tel:+1>',
  'Record-Route: <sip:[::1]:5060;lr>,<sip:strict@10.0.0.1>',
  'Route: <sip:1>',
  'Require: 100rel, replaces',
  'Supported: 100rel, timer',
  'Require: 100rel',
  'RSeq: 1',
  'RSeq: 99999999999999',
  'RAck: 1 1 INVITE',
  'Session-Expires: 1;refresher=uac',
  'Session-Expires: 90;refresher=uas',
  'Session-Expires: 4294967296;refresher=both',
  'Min-SE: 4000000000',
  'Expires: 0',
  'Expires: 4294967295',
  'Max-Forwards: 0',
  'Content-Type: multipart/mixed;boundary="',
  'Content-Type: multipart/mixed;boundary=a',
  'Content-Type: application/dtmf-relay',
  'Authorization: Digest realm="minhu",nonce="",username="1001",response="',
  'Authorization: Digest realm="minhu", username="1001", nonce="AAAA", uri="sip:x", response="0", qop=auth, nc=zz',
  'WWW-Authenticate: Digest realm="minhu",nonce="n",algorithm=MD5,qop="auth"',
  'P-Asserted-Identity: "a" <sip:+86@x>, <tel:+1>',
  'History-Info: <sip:%00%ff@x>',
  'X: \x00\xff\xc0\x80',
  ' folded',
];

/** One to four faults: bits flipped, a piece cut out, repeated or moved, a header spliced in. */
export function mutate(data: Buffer, chance: Chance): Buffer {
  let bytes: Buffer = Buffer.from(data);
  for (let faults = 1 + Math.floor(chance() * 4); faults > 0; faults--) bytes = fault(bytes, chance);
  return bytes;
}

function fault(bytes: Buffer, chance: Chance): Buffer {
  const at = Math.floor(chance() * bytes.length);
  const length = Math.floor(chance() ** 3 * 80);
  switch (Math.floor(chance() * 7)) {
    case 0:
      if (bytes.length > 0) bytes[at]! ^= 1 << Math.floor(chance() * 8);
      return bytes;
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return chance() < 0.3 ? bytes.subarray(0, at) : bytes;
    case 3: {
      const piece = bytes.subarray(at, at + length);
      const times = Math.floor(chance() ** 4 * 100);
      return Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: times }, () => piece), bytes.subarray(at)]);
    }
    case 4: {
      const to = Math.floor(chance() * bytes.length);
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, at + length), bytes.subarray(to)]);
    }
    default:
      return splice(bytes, chance);
  }
}

/** A header line put between two others, in place of one when chance says so. */
function splice(bytes: Buffer, chance: Chance): Buffer {
  const lines = bytes.toString('latin1').split('\r\n');
  const at = 1 + Math.floor(chance() * Math.min(lines.length, 14));
  lines.splice(at, chance() < 0.3 ? 1 : 0, pick(chance, SPLICES));
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
