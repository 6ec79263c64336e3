const MAPPED = /^::ffff:(?=\d)/i;

/**
 * Whose an address is, for counting what one may have at once. An IPv4 address stands for itself: a whole office may share it, and those
 * beside it are other people's. An IPv6 subscriber has a whole /64 (RFC 6177), so single addresses of it would limit nobody.
 */
export function networkOf(address: string): string {
  const plain = address.replace(MAPPED, '');
  return plain.includes(':') ? groupsOf(plain).slice(0, 4).map(hexadecimal).join(':') : plain;
}

/** Channels guide, rate limits: the /24 of an IPv4 address, the /56 of an IPv6 one, which is what one site is given (RFC 6177). */
export function neighbourhoodOf(address: string): string {
  const plain = address.replace(MAPPED, '');
  if (!plain.includes(':')) return plain.split('.').slice(0, 3).join('.');
  const [first = 0, second = 0, third = 0, fourth = 0] = groupsOf(plain);
  return [first, second, third, fourth >> 8].map(hexadecimal).join(':');
}

/** All eight, however the address is written: a proxy passes it on as it likes. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const gap = address.includes('::') ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return [...left, ...gap, ...right].map((group) => Number.parseInt(group, 16));
}

function hexadecimal(group: number): string {
  return group.toString(16);
}
